"""Claims of the papers, one a file: the statistic, its interval and the verdict."""

from importlib import import_module
from pkgutil import iter_modules

from analysis.claims.base import Claim

_modules = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
_found = [value for module in _modules for value in vars(module).values() if isinstance(value, Claim)]

CLAIMS: tuple[Claim, ...] = tuple(sorted(_found, key=lambda claim: claim.place))
"""Every claim that a module of this folder defines, in the report's order."""
