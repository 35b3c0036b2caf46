"""Stands in for `google` where it is not installed, for notebooks that come from Colab."""
