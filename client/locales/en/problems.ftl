# What went wrong with the app itself: its settings, its key.

settings-unread = Your settings can't be read. Visavis starts with the usual ones.
settings-damaged = Your settings are damaged. Visavis starts with the usual ones.
settings-unsaved = Your choices won't be remembered: the settings can't be saved. Check that there is room on the disk.
settings-unsaved-busy = Your choices won't be remembered: the computer is too busy. Close other programs, then start Visavis again.
recording-failed = Something could not be recorded. Check that there is room on the disk.
key-unread = The key that your usernames belong to can't be read. Check who may read { $file }.
key-damaged = The key that your usernames belong to is damaged. Restore { $file } from a backup, or move it away to begin with a new key.
key-unsaved = A key for your usernames can't be saved. Check that there is room on the disk.
