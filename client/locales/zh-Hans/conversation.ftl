# What is written and sent in a call.

## The panel

text-and-files = 文字
text-hint = 文字和文件（{ $keys }）
text-unread-hint = 文字和文件（{ $keys }）：{ $count } 条未读消息
close-text = 关闭文字
text-goes-straight = 直接发给 { $peer }。通话结束后消失，除非您保存。
text-none = { $peer } 那边没有文字功能。您仍可以通话。
text-waiting = 目前没有文字连接。恢复后会立即发送您写的内容。
text-no-files = { $peer } 那边不接收文件。

## Writing

write-to = 给 { $peer } 的消息
write-message = 消息
send-message = 发送
attach = 发送文件
attach-files = 文件…
attach-folder = 文件夹…
attach-path = 按路径…
attach-path-title = 发送文件或文件夹
attach-path-field = 文件或文件夹
attach-path-wrong = 没有这个文件或文件夹。请输入完整路径。
drop-to-send = 松开即发送给 { $peer }

## Lines

line-sending = 正在发送
line-sent = 已发送
line-read = 已读
line-lost = 未送达
link-to = 指向 { $host } 的链接
open-link-title = 打开 { $host }？
open-link = 打开链接
link-not-opened = 无法打开链接。请改为复制链接。
bubble-line = { $peer }：{ $text }
bubble-offer = { $peer } 想给您发送 { $name }

## Saving

save-text = 保存聊天内容
save-text-now = 保存
choose-place = 选择…
text-file-name = Visavis { $peer } { $time }.txt
text-saved = 已保存为 { $file }

## Files

kind-picture = 图片
kind-video = 视频
kind-sound = 音频
kind-text = 文本
kind-pdf = PDF
kind-document = 文档
kind-table = 表格
kind-slides = 演示文稿
kind-archive = 压缩包
kind-program = 程序
kind-file = 文件
kind-folder = 含 { $count } 个文件的文件夹
file-and-size = { $kind }，{ $size }
file-from = { $kind }，{ $size }，来自 { $peer }
size-bytes = { $value } B
size-kilobytes = { $value } kB
size-megabytes = { $value } MB
size-gigabytes = { $value } GB
so-much-of = { $done } / { $size }
size-a-second = { $size }/s
left-seconds = 剩余 { $count } 秒
left-minutes = 剩余 { $count } 分钟
left-hours = 剩余 { $hours } 小时 { $minutes } 分钟
transfer-progress = { $name } 的进度
transfer-preparing = 正在准备…
transfer-offered = 等待 { $peer } 接收
transfer-paused-us = 您已暂停
transfer-paused-them = { $peer } 已暂停
transfer-interrupted = 已中断，会自动继续。
transfer-checking = 正在校验…
transfer-done-out = { $peer } 已收到
transfer-done-in = 已保存到 { $folder }
transfer-arrived = 已收到
transfer-refused-us = 您已拒绝
transfer-refused-them = { $peer } 已拒绝
transfer-cancelled-us = 您已取消
transfer-cancelled-them = { $peer } 已取消
transfer-unreadable = 无法读取：{ $why }
transfer-changed = 发送后内容已改变。请重新发送。
transfer-unwritable = 无法保存到这里：{ $why }
transfer-no-room = 需要 { $needs }，磁盘可用空间为 { $free }。请腾出空间后让对方重发。
transfer-different = 收到的内容与声明的不一致，未保留；需要重新发送。
transfer-protocol = { $peer } 那边发送了无法理解的内容。更新 Visavis 可能有帮助。
transfer-theirs = { $peer } 那边无法读取或保存。
transfer-call-ended = 完成前通话已结束。
transfer-executable = 这是一个程序。仅在您预期收到时才打开。
save-to-downloads = 保存到下载
refuse = 拒绝
transfer-pause = 暂停 { $name }
transfer-resume = 继续 { $name }
transfer-cancel = 取消 { $name }
transfer-put-away = 移除 { $name }
show-file-in-folder = 在文件夹中显示

## What could not be done

text-too-long = 一条消息最多 { $count } 个字符。请分段发送。
too-many-transfers = 同时最多传输 { $count } 个。请等其中一个完成。
text-not-saved = 无法保存：{ $why }
text-closed = { $peer } 那边关闭了文字功能。您仍可以通话。

## The downloads folder

downloads-folder = 收到的文件保存到
downloads-usual = 系统的下载文件夹
downloads-wrong = 没有这个文件夹。请输入完整路径。
