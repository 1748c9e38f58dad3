# 通话：呼叫、来电、通话中、怎样结束。

calling-person = 正在呼叫 { $peer }
calling = 正在呼叫…
ringing = 对方正在响铃…
connecting-person = 正在连接 { $peer }
connecting = 正在连接…
person-is-calling = { $peer } 来电
accept = 接听
accept-without-video = 不带视频接听
decline = 拒绝
accept-decline-keys = { $accept } 接听，{ $decline } 拒绝
accepting-opens-both = 接听后将打开您的摄像头和麦克风。
accepting-opens-microphone = 接听后将打开您的麦克风。摄像头保持关闭。
accepting-opens-camera = 接听后将打开您的摄像头。麦克风保持静音。
accepting-opens-nothing = 您的摄像头保持关闭，麦克风保持静音。

## 通话中

picture-of = { $peer } 的画面
no-picture-from = 没有 { $peer } 的画面
waiting-for-picture = 正在等待 { $peer } 的画面…
close-call = 结束通话
close-call-hint = 结束通话 ({ $keys })
mute = 静音
mute-hint = 麦克风静音 ({ $keys })
unmute-hint = 取消麦克风静音 ({ $keys })
camera-on-hint = 打开摄像头 ({ $keys })
camera-off-hint = 关闭摄像头 ({ $keys })
camera-missing-hint = 没有摄像头。请选择其他摄像头。
devices = 设备
devices-hint = 选择摄像头、麦克风和扬声器
more = 更多
close-devices = 关闭设备
full-screen = 全屏
full-screen-hint = 全屏显示通话 ({ $keys })
leave-full-screen-hint = 退出全屏 ({ $keys })
time-in-call = 已通话 { $time }
their-microphone-muted = { $peer } 已静音
their-camera-off = { $peer } 的摄像头已关闭
talking-while-muted = 您已静音，但正在说话
silent-microphone = 对方听不到您：您的麦克风没有声音
unmute = 取消静音
choose-microphone = 选择其他麦克风
choose-camera = 选择其他摄像头
choose-speaker = 选择其他扬声器
take-snapshot = 截图
mini-window = 小窗口
mini-window-hint = 位于其他窗口之上的小窗口 ({ $keys })
leave-mini-window-hint = 返回大窗口 ({ $keys })
snapshot-kept = 图片已保存到“{ $folder }”，文件名为“{ $file }”。
snapshot-failed = 图片无法保存到“{ $folder }”。请检查是否有足够空间以及写入权限。
snapshot-no-folder = 图片无法保存：这台电脑没有图片文件夹。
snapshot-none = 还没有 { $peer } 的画面可以保存。
show-in-folder = 在文件夹中显示
folder-not-shown = 无法打开文件夹。请用文件管理器查找图片。
folder-not-opened = 无法打开文件夹。请复制其路径，并用文件管理器查找。
interrupted = 正在重新连接… 正在寻找通往 { $peer } 的其他线路。
interrupted-for = 正在重新连接… 正在寻找通往 { $peer } 的其他线路 ({ $time })。
you = 您
you-are-muted = 您已静音。
own-camera-off = 您的摄像头已关闭
own-picture-plain = 您的画面
self-view-keys = 方向键将其移到另一角，加号和减号调整大小，H 隐藏。
self-view-plain = 不镜像您的画面
self-view-mirror = 镜像您的画面
self-view-hide = 隐藏您的画面（{ $keys }）
self-view-show = 显示您的画面
whole-picture = 显示完整画面
fill-window = 填满窗口
show-own-picture = 显示我的画面
hide-own-picture = 隐藏我的画面
menu-full-screen = 填满屏幕
menu-leave-full-screen = 退出全屏

## 连接状况

computer-busy = 这台电脑太忙：每个画面需要 { $time } 毫秒
their-connection-weak = 对方的连接较弱：对方 { $percent }% 的数据包丢失
your-connection-weak = 您的连接较弱：您 { $percent }% 的数据包丢失
your-upload-slow = 您的上传较慢：只有 { $kilobits } kbit/s
connection-late = 连接较慢：您说的话晚 { $time } 毫秒到达

## 怎样结束

back = 返回
call-again = 再次呼叫
talked-for = 通话时长：{ $time }。
ended-by-us = 您结束了与 { $peer } 的通话。
cancelled-by-us = 您取消了对 { $peer } 的呼叫。
declined-by-us = 您拒绝了 { $peer } 的来电。
ended-by-them = { $peer } 结束了通话。
cancelled-by-them = { $peer } 取消了呼叫。
call-back-to-hear = 请回拨，问问是什么事。
declined-by-them = { $peer } 拒绝了通话。
try-later = 请稍后再试。
on-another-call = { $peer } 正在通话中。
no-answer = { $peer } 没有应答。
not-online = { $peer } 不在线。
check-name = 请检查名字的拼写，并确认双方登录了同一个服务器。
not-passed-on = 服务器没有转达呼叫。
went-offline = 通话开始之前 { $peer } 已离线。
call-when-back = 请等对方回来后再呼叫。
server-lost = 通话开始之前与服务器的连接中断。
check-network = 请检查网络连接，然后再次呼叫。
not-connected-to = 无法连接 { $peer }。
firewall-try = 可能有一方的防火墙挡住了。请再次呼叫，或换一个网络。
their-app-failed = 对方的应用无法建立通话。请再试一次。
call-not-set-up = 两边的应用无法就通话达成一致。其中一个可能需要更新。
part-failed = 通话的一部分无法启动。请关闭其他程序，然后再次呼叫。
connection-lost = 与 { $peer } 的连接中断。

## 服务器为什么不转达呼叫

refused-version = 服务器不认识这个版本的 Visavis。其中一个需要更新。
refused-logged-out = 服务器已将您退出登录。请重新登录。
refused-unknown = 没有人以这个名字在线。
refused-not-allowed = 服务器不允许这次通话。
refused-too-large = 呼叫的描述对服务器来说太大。请减少网络连接后再试。
refused-too-often = 操作太频繁。请一分钟后再试。
refused-room-full = 房间中已有两个人。
refused-unavailable = 服务器之间暂时无法连通。请稍后再试。
refused-call = 服务器拒绝了呼叫。
log-in-first = 请先登录再呼叫别人。
own-name = 这是您自己的名字。请呼叫别人。

## 无法显示的画面

their-picture-no-format = 无法显示 { $peer } 的画面：对方的程序不发送 H.264 视频，而这里只能显示 H.264。
their-picture-refused = 无法显示 { $peer } 的画面：对方的程序拒绝了视频。它可能没有 H.264，而这里只能显示 H.264。
their-picture-none = 无法显示 { $peer } 的画面：对方的程序不发送视频。
their-picture-interlaced = 无法显示 { $peer } 的画面：画面是隔行的。对方换一个摄像头或程序可能有用。
their-picture-bits = 无法显示 { $peer } 的画面：每种颜色有 { $bits } 位，而这里只能显示 8 位。对方换一个程序或设置可能有用。
their-picture-colours = 无法显示 { $peer } 的画面：颜色比这里能显示的更精细。对方换一个程序或设置可能有用。
their-picture-size = 无法显示 { $peer } 的画面：大小为 { $size }，而这里最多显示 1920x1080。对方可以选择较小的画面。
their-picture-memory = 无法显示 { $peer } 的画面：需要的内存超出约定。对方换一个程序或设置可能有用。
their-picture-profile = 无法显示 { $peer } 的画面：这里不认识这种 H.264。对方换一个程序或设置可能有用。
their-picture-no-key-frame = 无法显示 { $peer } 的画面：有一阵没有收到完整的画面。对方关闭再打开摄像头会有用。
cannot-see-you = { $peer } 看不到您
cannot-see-you-no-format = { $peer } 看不到您：对方的程序不接受 H.264 视频，而这里只发送 H.264。
cannot-see-you-refused = { $peer } 看不到您：对方的程序拒绝了视频。
cannot-see-you-none = { $peer } 看不到您：对方的程序不接受视频。

## 统计信息

statistics = 统计信息
close-statistics = 关闭统计信息
statistics-soon = 数据马上就到。
statistics-you-send = 发送
statistics-they-send = 接收
statistics-audio = 音频发送、接收
statistics-upload = 可用上传带宽
statistics-round-trip = 往返时间
statistics-lost = 发送、接收丢包
statistics-jitter-buffer = 抖动缓冲：音频、视频
statistics-concealed = 掩盖的音频
statistics-freezes = 卡顿
statistics-codec = 编码、解码
statistics-delay = 延迟：视频、音频
statistics-video = { $width }×{ $height }，{ $rate } 帧/秒，{ $bitrate }
plot-sent = 已发送与可用上传带宽
plot-round-trip = 往返时间
plot-lost = 接收与发送丢包
plot-jitter-buffer = 抖动缓冲：音频、视频
plot-now = { $name }，最近一分钟：当前 { $values }
plot-not-measured = { $name }，最近一分钟：当前未测量

## Who is at the other end.
key-missing = { $peer } 这次通话没有用密钥签名，而以前有过密钥。
key-changed = { $peer } 的密钥已更改。
key-changed-advice = 通话尚未开始。请用其他方式询问 { $peer }；如果要呼叫，请先核对安全码。
call-untrusted = 与 { $peer } 的通话不安全，已结束。
untrusted-signature = 收到的内容不是用对方的密钥签名的。可能有人在中间。
untrusted-certificate = 对方的证书在通话中途发生了变化。可能有人在中间。
untrusted-opening = 对方的安全码打开有误。可能有人在中间。
untrusted-unreadable = 无法读取对方的签名。请对方更新 Visavis。
call-refused-untrusted = 一个自称来自 { $peer } 的呼叫已被拒绝：它不是用所示密钥签名的。可能有人在中间。
