"""What a root ceremony hands out is masked with a one-time password. Pure."""

from __future__ import annotations

import base64
import binascii


def unmask(encoded: str, otp: str) -> str:
    """The token: base64 (padding is left out) of its bytes, each combined with that of *otp* by exclusive or.

    Source: the description of ``sys/generate-root`` in the API documentation of Vault and OpenBao.

    Raises:
        ValueError: the two do not belong together.
    """
    try:
        masked = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except binascii.Error as error:
        raise ValueError("what the ceremony handed out is not base64") from error
    if len(masked) != len(otp):
        raise ValueError(f"what the ceremony handed out has {len(masked)} bytes, and the one-time password {len(otp)}")
    return bytes(a ^ b for a, b in zip(masked, otp.encode(), strict=True)).decode()
