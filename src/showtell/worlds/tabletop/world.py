"""HOLD's five table-top tasks, by name."""

from showtell.worlds.tabletop.dvd import (
    CloseDrawer,
    CloseDrawerSettings,
    CupForward,
    CupForwardSettings,
    FaucetRight,
    FaucetRightSettings,
)
from showtell.worlds.tabletop.rlv import (
    DrawerOpening,
    DrawerSettings,
    Pushing,
    PushingSettings,
)

__all__ = ["CloseDrawer", "CupForward", "DrawerOpening", "FaucetRight", "Pushing"]

PARTS = {
    "rlv_pushing": (PushingSettings, "Pushing"),
    "rlv_drawer": (DrawerSettings, "DrawerOpening"),
    "dvd_close_drawer": (CloseDrawerSettings, "CloseDrawer"),
    "dvd_cup_forward": (CupForwardSettings, "CupForward"),
    "dvd_faucet_right": (FaucetRightSettings, "FaucetRight"),
}
