# What went wrong with the app itself: its settings, its key.

settings-damaged = Starting with default settings: yours were damaged, and are now in { $file }.
settings-stuck = Starting with default settings: yours are damaged, and new ones won't be kept. Move { $file } away.
settings-unread = Starting with default settings: yours can't be read. New ones won't be kept.
settings-ignored = Some settings made no sense and are as at first: { $names }. The file as it was is in { $file }.
settings-later = Your settings were kept by a newer version of Visavis. What this one can't read is in { $file }.
settings-unsaved = Your choices won't be remembered: the settings can't be saved. Check that there is room on the disk.
settings-unsaved-busy = Your choices won't be remembered: the computer is too busy. Close other programs, then start Visavis again.
recording-failed = Something could not be recorded. Check that there is room on the disk.
key-unread = The key that your usernames belong to can't be read. Check who may read { $file }.
key-damaged = The key that your usernames belong to is damaged. Restore { $file } from a backup, or move it away to begin with a new key.
key-unsaved = A key for your usernames can't be saved. Check that there is room on the disk.

## Contacts, blocked names, calls

people-damaged-restored = Your contacts, calls and remembered keys were damaged. Those of the last start are used, and newer keys are missing; the damaged file is now { $file }.
people-damaged = Your contacts, calls and remembered keys are damaged and can't be shown. The file is now { $file }.
people-missing = Your contacts, calls and remembered keys were missing. Those of the last start are used; newer keys are missing.
people-stuck = Your contacts, calls and remembered keys are damaged, and changes won't be kept. Move { $file } away.
people-unread = Your contacts, calls and remembered keys can't be read. Changes won't be kept.
people-later = Your contacts, calls and remembered keys were kept by a newer version of Visavis. Some keys may be missing, and changes won't be kept: update this one.
people-in-use = Visavis is open in another window with the same contacts. Changes made here and new keys won't be kept.
people-not-kept = New contacts, calls and keys can't be kept. Check that there is room on the disk.
people-disk-silent = Your contacts and remembered keys can't be read yet: the disk doesn't answer.
people-not-exportable = Your contacts and calls can't be saved now.
people-not-exported = Your contacts and calls couldn't be saved there. Choose another folder.
people-exported = Your contacts and calls were saved in { $file }.
turned-away = { $name } tried to call you, and was told that you are in a call.
people-own-name = That's your own name.
people-blocked = You have blocked this name. Unblock it first.
people-too-many = There's no room for more than { $most } contacts. Remove some first.
people-too-many-blocked = You can't block more than { $most } names. Unblock some first.
people-name-too-long = That name is too long. Use at most { $most } characters.
people-no-contact = There is no contact with that name any more.
people-keys-of = The remembered key of { $names } can't be read. Compare the safety code again. The damaged file is now { $file }.
people-keys-damaged = { $count ->
    [one] { $count } remembered key can't be read. Compare safety codes again. The damaged file is now { $file }.
   *[other] { $count } remembered keys can't be read. Compare safety codes again. The damaged file is now { $file }.
}
people-key-differed = Another key is remembered for { $name } than the call just had. Compare the safety code before you say anything private.
people-other-key = Another key is remembered for that name.
people-too-many-keys = There's no room for more than { $most } keys. Forget some first.

## The key: where it is, and its way to another computer

key-keyring-locked = The key that your usernames belong to is in your keyring, which is locked. Unlock it, then log in again.
key-keyring-silent = The key that your usernames belong to is in your keyring, which doesn't answer. Unlock or restart it, then log in again.
key-keyring-missing = The key that your usernames belong to is in your keyring, which can't be reached. Log in to your desktop again.
key-keyring-gone = The key that your usernames belong to is not in your keyring any more. Import it from a file, or move { $file } away to begin with a new key.
key-none = There is no key yet. Your first log-in makes one.
key-busy = Something is being done with your key already. Try again in a moment.
key-exported = Your key is in { $file }. Take it and its passphrase to the other computer.
key-imported = The key is here now. It is used from your next log-in on.
key-imported-aside = The key is here now, and is used from your next log-in on. The one before is kept in { $file }.
key-imported-same = That is the key that is here already.
key-not-kept-aside = Nothing was changed: the key that is here can't be kept aside. Check that there is room on the disk.
key-export-exists = { $file } is there already. Choose another name.
key-export-unwritten = { $file } can't be written. Choose another folder.
key-export-unread = { $file } can't be read. Choose another file.
key-export-none = That is no file with a key of Visavis.
key-export-newer = A newer version of Visavis made this file. Update this one.
key-export-damaged = This file is damaged. Copy it again, or export the key again.
key-export-costly = This file is not from Visavis: opening it would take too long.
key-export-no-memory = There is not enough memory. Close other programs, then try again.
key-passphrase-wrong = That is not the passphrase of this file.
key-passphrase-too-short = That passphrase is too short. Use several words.

## Sharing a screen

share-no-sound = The sound of this computer can't be had: only your voice is heard.
share-not-possible = This desktop does not let programs share the screen.
share-display-failed = The screens of this computer can't be looked at now. Try again in a moment.
conversation-not-started = Nothing can be written or sent in this call: the system gives Visavis no more threads.
