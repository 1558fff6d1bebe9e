"""Zero-shot rewards from CLIP: Rocamonde et al., ICLR 2024 (arXiv 2310.12921)."""
