// Swagger UI follows the site's theme: its own dark colours hang on a class.
const root = document.documentElement;
const follow = () => root.classList.toggle("dark-mode", root.dataset.bsTheme === "dark");
follow();
new MutationObserver(follow).observe(root, { attributeFilter: ["data-bs-theme"] });
