"""The bound explorer: one page that evaluates every theorem as arguments are moved."""

from verify.explorer.page import PAGE, render, write

__all__ = ["PAGE", "render", "write"]
