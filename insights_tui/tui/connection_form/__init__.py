"""The connection form: connect to Kafka, or edit the connection that is there."""

from insights_tui.tui.connection_form.screen import ConnectionFormScreen

__all__ = ["ConnectionFormScreen"]
