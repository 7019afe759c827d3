"""How long to wait before the next try."""


def backoff_s(failures: int, *, base_s: float, cap_s: float, random: float) -> float:
    """Tell the pause after `failures` failures in a row, in seconds.

    Doubles from `base_s` up to `cap_s`, spread by ±20 % (`random` is within 0…1) so that many lanes do not come back
    in step.
    """
    if failures <= 0:
        return 0.0
    return min(cap_s, base_s * 2.0 ** min(failures - 1, 32)) * (0.8 + 0.4 * random)
