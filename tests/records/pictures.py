"""Pictures of records, read as a phone does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import zxingcpp

if TYPE_CHECKING:
    from PIL.Image import Image


def qr_codes(picture: Image) -> list[str]:
    """Return what the QR codes in *picture* say: asked for all kinds, the reader takes text for others now and then."""
    return [found.text for found in zxingcpp.read_barcodes(picture.convert("L"), zxingcpp.BarcodeFormat.QRCode)]
