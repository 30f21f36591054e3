"""Importing this package registers every case."""

from cases import (  # noqa: F401
    answers_cut,
    answers_refused,
    answers_relayed,
    connections,
    connections_broken,
    fields,
    framing,
    framing_chunks,
    passing,
    request_line,
    streaming,
    upgrade,
)
