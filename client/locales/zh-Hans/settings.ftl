# 设置：各分类及其内容。

settings-section = 分类
settings-profile = 个人资料
settings-devices = 设备
settings-calls = 通话
settings-network = 网络
settings-notifications = 通知
settings-appearance = 外观
settings-shortcuts = 快捷键
settings-data = 数据
settings-about = 关于
settings-open = 打开
settings-copy = 复制
settings-copied = 已复制
from-the-next-call-on = 此处的更改从下次通话起生效。

## 设备

mirror-own-picture = 镜像显示我的画面
automatic-volume-hint = 让您的声音保持平稳的音量。
trial-record = 录音 3 秒并回放
trial-tone = 播放提示音
trial-ring = 试听
trial-stop = 停止
trial-opening = 请稍候…
trial-recording = 正在录音。请说话…
trial-playing-back = 这就是对方听到的声音。
trial-playing = 正在播放…
trial-not-in-call = 通话结束后可以测试设备。

## 通话

callers = 谁可以呼叫您
callers-everybody = 所有人
callers-contacts = 仅联系人
callers-hint = 已屏蔽的用户无法联系您。
largest-picture = 发送的最大画面
frame-rate = 每秒帧数
largest-bitrate = 最高带宽
largest-bitrate-hint = 通话会在此范围内自动调整。

## 网络

relay-only = 隐藏我的地址
relay-only-hint = 通话经由中继服务器，延迟会略高。
built-in-stun = 使用内置 STUN 服务器
built-in-stun-hint = 它告诉本机其公网地址。
own-servers = 自己的中继 (TURN) 或 STUN 服务器
own-servers-hint = 与您的服务器提供的一并使用。
server-address = 地址
server-address-example = turn:relay.example.org
server-address-wrong = 请写成 stun:example.org 或 turn:example.org:3478 的形式。
server-username = 中继服务器用户名
server-password = 密码
show-password = 显示密码
server-credentials-missing = 中继服务器需要用户名和密码。请都填写。
server-known = 此服务器已在列表中。
too-many-servers = 服务器已足够多。请先移除一个。
server-unusable = 此地址无法使用。请移除。
server-with-password = 用户 { $name }，有密码
server-without-password = 无密码
add-server = 添加服务器
remove-server = 移除 { $address }

## 通知与铃声

do-not-disturb-hint = 来电不响铃，并记为未接。
quiet-hours = 免打扰时段
quiet-hours-hint = 每天在此时段内同样处理。
quiet-from = 从
quiet-until = 到
time-wrong = 请写成 22:30 这样的时间。
ring-aloud = 来电时响铃
ring-volume = 铃声音量
ring-speaker = 响铃设备
ring-speaker-of-calls = 通话所用扬声器
ring-tone = 铃声
ring-how = 试听铃声
ring-bells = 钟声
ring-marimba = 木琴
ring-telephone = 电话
ring-drops = 水滴
show-notifications = 显示桌面通知
settings-tray = 关闭窗口后留在托盘
settings-tray-hint = 仍可接听来电。

## 外观

less-motion = 减少动态效果
less-motion-hint = 没有滑动，只是直接出现。

## 个人资料

not-logged-in = 您尚未登录。
logged-in-at = 位于 { $server }
settings-copy-link = 复制我的链接
settings-server-encrypted = 已加密
settings-server-not-encrypted = 未加密：途中的他人能看到谁呼叫谁。
your-key = 您的密钥
your-key-hint = 它证明该用户名属于您，并只保存在本机。
log-out-hint = 再次登录之前无法接到来电。
log-out-in-call = 这会结束通话。仍要退出登录吗？
blocked-names-hint = 他们无法呼叫您，也得不到您的任何信息。

## 数据

data-folder = 密钥、联系人和通话
settings-folder = 设置
folder-none = 仅保存到程序结束。
data-after-log-in = 登录后可导出或清除联系人和通话。
export-people = 导出联系人、通话和密钥
export-people-hint = 包括已屏蔽的名字和以往通话的公钥，保存为其他程序可读的文件。
export-file = 文件
export-file-wrong = 请输入文件的完整路径。
settings-export = 导出
settings-erase = 清除
erase-history = 最近通话
erase-history-sure = 清除所有最近通话？此操作无法撤销。
erase-people = 所有人员数据
erase-people-hint = 此服务器上的联系人、已屏蔽名字、最近通话和记住的密钥。
erase-people-sure = 清除所有联系人、已屏蔽名字、通话和记住的密钥？被屏蔽者将能再次呼叫，每个人的下一次通话都算作第一次：换了密钥也不会被发现。此操作无法撤销。

## 关于

licence = 自由软件，采用 MIT 或 Apache 2.0 许可证
build = 此构建
build-of-commit = 提交 { $commit }，构建于 { $date }
build-of-unknown-commit = 构建于 { $date }，提交未知
build-in-development = 开发构建：未记录提交和日期
licences-inside = 所用组件
licences-inside-list = webrtc 和 egui（MIT 或 Apache 2.0）、OpenH264（BSD）、Opus 和 Sonora（BSD）、Inter 字体（OFL）及其他自由软件。
log = 日志
log-hint = 位于启动 Visavis 的地方：该终端或系统日志。其中没有地址或密钥。

## 密钥

key-in-keyring = 在这台电脑的钥匙串中。
key-in-file = 在文件 { $file } 中。
move-key = 转移到另一台电脑
move-key-hint = 使用同一密钥，您在那里就是同一个人。
export-key = 将密钥存入文件
import-key = 使用文件中的密钥
import-key-sure = 替换此处的密钥？有用户名属于它。它会另行保存。
key-passphrase = 口令
key-passphrase-again = 再次输入口令
key-passphrases-differ = 两次输入的口令不同。
key-passphrase-weak = 弱：拿到文件的人可能猜出它。
key-passphrase-fair = 中等：猜出它需要很长时间。
key-passphrase-strong = 强。
key-working = 请稍候…
key-save = 存储密钥
key-use = 使用密钥
