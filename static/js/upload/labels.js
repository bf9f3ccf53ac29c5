// A label from a file's name: its stem, unless it looks like a person's name or holds a date, as names of files do.

const KNOWN = new Set(("chest xray x-ray ray film image img picture pic scan thorax radiograph röntgen roentgen lunge lung lungs " +
  "study studie series serie frontal front lateral lat view copy kopie new neu test case fall patient pat person normal " +
  "pneumonia pneumonie bacteria virus viral covid child kind adult left right photo foto export unnamed file datei dicom " +
  "jpg jpeg png dcm anon anonymous anonymised synthetic drawn phantom sample").split(" "));
const DATE = /(^|\D)(\d{1,2}[.\-_]\d{1,2}[.\-_](19|20)\d{2}|(19|20)\d{2}[.\-_]?[01]\d[.\-_]?[0-3]\d)(\D|$)/;

/** The label to propose, or "" where the name may say who the patient is. */
export function labelFrom(name, longest) {
  const stem = name.replace(/\.(gz|[A-Za-z0-9]{1,5})$/, "").replaceAll(/\s+/g, " ").trim();
  if (DATE.test(stem) || stem.includes("^")) return "";
  const words = stem.split(/[^\p{L}]+/u).filter((word) => word.length > 2 && !KNOWN.has(word.toLowerCase()));
  return words.length > 1 ? "" : stem.slice(0, longest);
}
