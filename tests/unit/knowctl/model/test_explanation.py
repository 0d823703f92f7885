from __future__ import annotations

from knowctl.model.explanation import CheckText, ExplainedCheck, ExplainedSetting, SettingText

CHECK = CheckText("KC302", "Replicas share", "error", ("KC101",), "what", "why", "type")
SECRET = SettingText("SECRET_KEY", "signs", "Security", "32 bytes", "", True, True)  # noqa: FBT003 -- the fields in their order


def test_a_check_tells_its_parts_and_where_they_stand() -> None:
    data = ExplainedCheck(CHECK).data
    assert data == {
        "check": {
            "id": "KC302",
            "title": "Replicas share",
            "severity": "error",
            "after": ("KC101",),
            "meaning": "what",
            "why": "why",
            "type": "type",
            "docs": "docs/checks.md#kc302",
        }
    }


def test_a_secret_may_stand_in_a_file() -> None:
    assert SECRET.file == "SECRET_KEY_FILE"
    assert (
        SettingText(
            "PORT", "", "", "", "5000", secret=False, required_outside_development=False
        ).file
        is None
    )


def test_a_setting_tells_which_checks_speak_of_it() -> None:
    explained = ExplainedSetting(SECRET, "********", "environment", (CHECK,))
    assert explained.failure is None
    data = explained.data
    assert isinstance(data, dict)
    assert data["setting"]["file"] == "SECRET_KEY_FILE"
    assert data["setting"]["value"] == "********"
    assert data["setting"]["checks"] == [{"id": "KC302", "title": "Replicas share"}]
    assert data["setting"]["problems"] == ()
