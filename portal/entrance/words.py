"""The words of the entrance's simple pages, by the name of their address."""

SENT = "If the address has a log-in here, a link comes within a few minutes. It works for three days."
WORDS: dict[str, dict[str, str]] = {
    "account_logout": {"title": "Log out?", "presses": "Log out"},
    "account_change_password": {
        "title": "Change password",
        "intro": "Your other sessions end.",
        "presses": "Change password",
    },
    "account_reset_password": {
        "title": "Forgot your password?",
        "intro": "Give the email address that you log in with. We send you a link to set a new password.",
        "presses": "Send the link",
        "back": "account_login",
    },
    "account_reset_password_done": {"title": "Look at your email", "intro": SENT, "back": "account_login"},
    "account_reset_password_from_key": {"title": "New password", "presses": "Set password"},
    "account_reset_password_from_key_done": {
        "title": "Password set",
        "intro": "Log in with your new password.",
        "back": "account_login",
    },
    "account_inactive": {
        "title": "This log-in does not open here",
        "intro": "It is closed, or belongs to another door. Ask an administrator of your company.",
        "back": "account_login",
    },
    "account_reauthenticate": {"title": "Confirm that it is you", "presses": "Confirm"},
    "mfa_reauthenticate": {"title": "Confirm that it is you", "presses": "Confirm"},
    "mfa_activate_totp": {"title": "Add a code app", "presses": "Add the app"},
    "mfa_deactivate_totp": {
        "title": "Remove the code app",
        "intro": "Its codes no longer work then. Delete the entry in the app as well.",
        "presses": "Remove",
    },
    "mfa_generate_recovery_codes": {
        "title": "New recovery codes",
        "intro": "The codes that you have now no longer work then.",
        "presses": "Make new codes",
    },
    "mfa_view_recovery_codes": {"title": "Recovery codes"},
    "mfa_add_webauthn": {"title": "Add a passkey"},
    "mfa_list_webauthn": {"title": "Passkeys"},
    "mfa_edit_webauthn": {
        "title": "Rename the passkey",
        "intro": "A name by which you know it, such as Work laptop.",
        "presses": "Save",
    },
    "mfa_remove_webauthn": {
        "title": "Remove the passkey",
        "intro": "It no longer logs you in then.",
        "presses": "Remove",
    },
    "mfa_index": {"title": "How you log in"},
    "mfa_authenticate": {"title": "Enter the code"},
    "account_login": {"title": "Log in to your billing"},
    "account_sessions": {"title": "Where you are logged in"},
}
