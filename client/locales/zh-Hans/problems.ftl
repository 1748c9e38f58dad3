# 应用本身的问题：设置、密钥。

settings-damaged = Visavis 使用默认设置启动：您的设置已损坏，现位于 { $file }。
settings-stuck = Visavis 使用默认设置启动：您的设置已损坏，新的设置不会保存。请移走 { $file }。
settings-unread = Visavis 使用默认设置启动：无法读取您的设置。新的设置不会保存。
settings-ignored = 有些设置无效，已恢复为初始值：{ $names }。原来的文件位于 { $file }。
settings-later = 您的设置来自较新版本的 Visavis。此版本无法读取的内容位于 { $file }。
settings-unsaved = 您的选择不会被记住：无法保存设置。请检查磁盘空间。
settings-unsaved-busy = 您的选择不会被记住：电脑太忙。请关闭其他程序，然后重新启动 Visavis。
recording-failed = 有内容未能录制。请检查磁盘空间。
key-unread = 无法读取您的用户名所属的密钥。请检查谁可以读取 { $file }。
key-damaged = 您的用户名所属的密钥已损坏。请从备份恢复 { $file }，或移走它，用新的密钥开始。
key-unsaved = 无法保存用户名的密钥。请检查磁盘空间。

## Contacts, blocked names, calls

people-damaged-restored = 您的联系人、通话记录和记住的密钥已损坏。现使用上次启动时的内容，较新的密钥缺失；损坏的文件现在是 { $file }。
people-damaged = 您的联系人、通话记录和记住的密钥已损坏，无法显示。文件现在是 { $file }。
people-missing = 找不到您的联系人、通话记录和记住的密钥。现使用上次启动时的内容；较新的密钥缺失。
people-stuck = 您的联系人、通话记录和记住的密钥已损坏，更改不会保存。请移走 { $file }。
people-unread = 无法读取您的联系人、通话记录和记住的密钥。更改不会保存。
people-later = 您的联系人、通话记录和记住的密钥来自较新版本的 Visavis。可能缺少一些密钥，更改也不会保存：请更新此版本。
people-in-use = Visavis 已在另一个窗口中打开相同的联系人。在此所做的更改和新的密钥不会保存。
people-not-kept = 无法保存新的联系人、通话记录和密钥。请检查磁盘空间。
people-disk-silent = 暂时无法读取您的联系人和记住的密钥：磁盘没有响应。
people-not-exportable = 现在无法导出您的联系人和通话记录。
people-not-exported = 无法把您的联系人和通话记录保存到那里。请选择另一个文件夹。
people-exported = 您的联系人和通话记录已保存到 { $file }。
turned-away = { $name } 曾试图呼叫您，并已获知您正在通话。
people-own-name = 这是您自己的名字。
people-blocked = 您已屏蔽此名字。请先取消屏蔽。
people-too-many = 最多只能有 { $most } 个联系人。请先删除一些。
people-too-many-blocked = 最多只能屏蔽 { $most } 个名字。请先取消一些。
people-name-too-long = 名字太长。最多可用 { $most } 个字符。
people-no-contact = 已没有这个名字的联系人。
people-keys-of = 无法读取记住的 { $names } 的密钥。请重新比对安全码。损坏的文件现在是 { $file }。
people-keys-damaged = { $count ->
   *[other] 有 { $count } 个记住的密钥无法读取。请重新比对安全码。损坏的文件现在是 { $file }。
}
people-key-differed = 为 { $name } 记住的密钥与此次通话的不同。在说私密内容之前，请比对安全码。
people-other-key = 为这个名字记住的是另一个密钥。
people-too-many-keys = 最多只能记住 { $most } 个密钥。请先忘记一些。

## 密钥：存放位置，以及如何转移到另一台电脑

key-keyring-locked = 您的用户名所属的密钥存放在钥匙串中，而钥匙串已锁定。请解锁后重新登录。
key-keyring-silent = 您的用户名所属的密钥存放在钥匙串中，而钥匙串没有响应。请解锁或重启它，然后重新登录。
key-keyring-missing = 您的用户名所属的密钥存放在钥匙串中，而现在无法访问钥匙串。请重新登录电脑。
key-keyring-gone = 您的用户名所属的密钥已不在钥匙串中。请从文件导入，或移走 { $file } 以使用新密钥。
key-none = 还没有密钥。首次登录时会创建。
key-busy = 密钥正在使用中。请稍后再试。
key-exported = 您的密钥已存入 { $file }。请把该文件和口令带到另一台电脑。
key-imported = 密钥已导入，下次登录时起使用。
key-imported-aside = 密钥已导入，下次登录时起使用。原来的密钥保存在 { $file }。
key-imported-same = 这就是已在此处的密钥。
key-not-kept-aside = 未作任何更改：无法另存现有的密钥。请检查磁盘是否有空间。
key-export-exists = { $file } 已存在。请换一个名称。
key-export-unwritten = 无法写入 { $file }。请选择其他文件夹。
key-export-unread = 无法读取 { $file }。请选择其他文件。
key-export-none = 这不是包含 Visavis 密钥的文件。
key-export-newer = 此文件由更新版本的 Visavis 生成。请更新本程序。
key-export-damaged = 此文件已损坏。请重新复制，或重新导出密钥。
key-export-costly = 此文件并非来自 Visavis：打开它需要的时间过长。
key-export-no-memory = 内存不足。请关闭其他程序后重试。
key-passphrase-wrong = 这不是该文件的口令。
key-passphrase-too-short = 口令太短。请使用多个词语。

## Sharing a screen

share-no-sound = 无法获取此电脑的声音：对方只能听到您的声音。
share-not-possible = 此桌面不允许程序共享屏幕。
share-display-failed = 现在无法读取此电脑的屏幕。请稍后再试。
conversation-not-started = 此通话中无法发送文字或文件：系统不再为 Visavis 提供线程。
