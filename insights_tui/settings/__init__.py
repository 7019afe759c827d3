"""Settings: flags > `INSIGHTS_…` > file > defaults, each with where it comes from."""

from insights_tui.settings.load import keys, load_settings, variable
from insights_tui.settings.model import Settings
from insights_tui.settings.problems import SettingProblem, SettingsError
from insights_tui.settings.seed import seed_form
from insights_tui.settings.values import Listen

__all__ = ["Listen", "SettingProblem", "Settings", "SettingsError", "keys", "load_settings", "seed_form", "variable"]
