"""Arrays of devices between word and bit lines: solved with their wires, moved in time, written as decks."""

from neuromorph.crossbars.device_array import DeviceArray

__all__ = ["DeviceArray"]
