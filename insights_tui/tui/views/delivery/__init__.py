"""The Delivery view: how payloads leave, partition by partition, and what became of them."""

from insights_tui.tui.views.delivery.view import DeliveryView

__all__ = ["DeliveryView"]
