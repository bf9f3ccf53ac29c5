"""How fast PneumoWeb is, as ratios against baselines of the same run: machines differ and are noisy, ratios less so."""
