# 应用本身的问题：设置、密钥。

settings-unread = 无法读取您的设置。Visavis 使用默认设置启动。
settings-damaged = 您的设置已损坏。Visavis 使用默认设置启动。
settings-unsaved = 您的选择不会被记住：无法保存设置。请检查磁盘空间。
settings-unsaved-busy = 您的选择不会被记住：电脑太忙。请关闭其他程序，然后重新启动 Visavis。
recording-failed = 有内容未能录制。请检查磁盘空间。
key-unread = 无法读取您的用户名所属的密钥。请检查谁可以读取 { $file }。
key-damaged = 您的用户名所属的密钥已损坏。请从备份恢复 { $file }，或移走它，用新的密钥开始。
key-unsaved = 无法保存用户名的密钥。请检查磁盘空间。
