"""The map of an estate: who depends on what, and what takes whom with it, as a page or as a picture alone."""

from harness.domains.map.page import render, render_svg

__all__ = ["render", "render_svg"]
