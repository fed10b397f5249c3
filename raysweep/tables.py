"""Every table of a results folder, by name."""

from raysweep.results.tables import OWN_TABLES
from raysweep.study.measures import KINDS

MEASURE_TABLES = {kind.table.name: kind.table for kind in KINDS}
"""Tables that measures write; several measures may write to one."""

TABLES = {table.name: table for table in OWN_TABLES} | MEASURE_TABLES
"""All of them."""
