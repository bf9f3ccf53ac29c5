"""The main figures of a measurement as a few lines of text, for the terminal."""

from __future__ import annotations

from typing import Any


def summary(metrics: dict[str, Any]) -> str:
    """The main figures as a few lines of text."""
    lines = [f"model {metrics['model']['version']} on {metrics['films']}"]
    for name in ("plain", "shifted"):
        part = metrics[name]
        lines.append(
            f"{name}: {part['films']} films ({part['positives']} with pneumonia) of {part['patients']} patients, "
            f"AUC {_ci(part['auc'])}, Brier {_ci(part['brier'])}, ECE {_ci(part['ece'])}"
        )
        for point, values in part["operating_points"].items():
            sick, well = values["table"]["pneumonia"], values["table"]["normal"]
            lines.append(
                f"  {point:<9} normal below {values['rule_out']:.3f}, pneumonia from {values['rule_in']:.3f}: "
                f"found {_share(sick['pneumonia'])}, missed {_share(sick['normal'])}; "
                f"cleared {_share(well['normal'])}, false alarms {_share(well['pneumonia'])}; "
                f"indeterminate {values['indeterminate']:.3f} of films"
            )
            for label, row in values["report"].items():
                lines.append(
                    f"    {label:<9} precision {row['precision']:.3f}  recall {row['recall']:.3f}  "
                    f"F1 {row['f1']:.3f}  films {row['support']}"
                )
    return "\n".join(lines)


def _ci(value: dict[str, Any]) -> str:
    return f"{value['value']:.3f} [{value['ci'][0]:.3f}, {value['ci'][1]:.3f}]"


def _share(value: dict[str, Any]) -> str:
    return f"{value['share']:.3f} [{value['ci'][0]:.3f}, {value['ci'][1]:.3f}]"
