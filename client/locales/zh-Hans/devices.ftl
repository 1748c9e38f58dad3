# 摄像头、麦克风和扬声器：列表，以及它们的问题。

camera = 摄像头
microphone = 麦克风
speaker = 扬声器
system-default = 系统默认
system-default-device = 系统默认：{ $device }
sound-or-video-file = 文件 { $name }
device-not-connected = { $device }（未连接）
test-picture = 测试画面
test-tone = 测试音
no-camera = 无摄像头
no-microphone = 无麦克风
no-sound = 无声音
look-for-devices = 重新查找设备
cancel-echo = 消除回声
cancel-echo-hint = 避免对方从您的扬声器听到自己的声音。
reduce-noise = 降低噪声
automatic-volume = 自动音量
their-volume = 对方音量
microphone-level = 麦克风音量

## 摄像头

camera-none = 没有找到摄像头。请连接一个。
camera-unknown = 摄像头“{ $device }”不在。请选择另一个。
camera-busy = 摄像头“{ $device }”正被其他程序使用。请关闭该程序，或选择另一个摄像头。
camera-forbidden = Visavis 不能使用摄像头“{ $device }”。请在系统的隐私设置中允许。
camera-no-answer = 摄像头“{ $device }”没有响应。请拔下后重新插上，或选择另一个。
camera-no-format = 摄像头“{ $device }”没有 Visavis 能用的画面格式。请选择另一个。
camera-failed = 无法打开摄像头“{ $device }”。请选择另一个。
camera-lost = 摄像头已停止或断开。请重新连接，或选择另一个。
camera-slow = 摄像头尚未打开。如果系统询问，请允许，或选择另一个。
video-file-failed = 无法播放视频文件 { $name }。请选择摄像头。
nothing-comes-from-file = 还没有从 { $name } 收到内容。请启动写入它的程序。
nobody-reads-file = 还没有程序读取 { $name }。请启动读取它的程序。
no-thread = 电脑太忙，无法打开设备。请关闭其他程序。
driver-failed = 设备出现故障。请选择另一个。
call-without-picture = { $trouble }通话继续，但没有您的画面。

## 麦克风

microphone-none = 没有找到麦克风。请连接一个。
microphone-unknown = 麦克风“{ $device }”不在。请选择另一个。
microphone-busy = 麦克风“{ $device }”正被其他程序使用。请关闭该程序，或选择另一个麦克风。
microphone-forbidden = Visavis 不能使用麦克风“{ $device }”。请在系统的隐私设置中允许。
microphone-failed = 无法打开麦克风“{ $device }”。请选择另一个。
microphone-no-answer = 麦克风打不开。请拔下后重新插上，或选择另一个。
microphone-unusable = 无法使用这个麦克风。请选择另一个。
microphone-slow = 麦克风没有响应。请选择另一个。
microphone-lost = 麦克风已停止或断开。请重新连接，或选择另一个。
microphone-replaced = 麦克风已断开。改用系统默认的。
sound-file-failed = 无法播放声音文件。请选择麦克风。
call-without-voice = { $trouble }通话继续，但没有您的声音。

## 扬声器

speaker-none = 没有找到扬声器。请连接一个。
speaker-unknown = 扬声器“{ $device }”不在。请选择另一个。
speaker-busy = 扬声器“{ $device }”正被其他程序使用。请关闭该程序，或选择另一个扬声器。
speaker-forbidden = Visavis 不能使用扬声器“{ $device }”。请在系统的隐私设置中允许。
speaker-failed = 无法打开扬声器“{ $device }”。请选择另一个。
speaker-no-answer = 扬声器打不开。请拔下后重新插上，或选择另一个。
speaker-unusable = 无法使用这个扬声器。请选择另一个。
speaker-slow = 扬声器没有响应。请选择另一个。
speaker-lost = 扬声器已停止或断开。请重新连接，或选择另一个。
speaker-replaced = 扬声器已断开。改用系统默认的。
recording-file-failed = 无法把声音录到该文件。请选择扬声器。
recording-stopped = 声音不再录制。
call-without-sound = { $trouble }您将听不到对方。
sound-through-default = { $trouble }您从系统默认的扬声器听到对方。

## 试用

trial-microphone-silent = 没有听到声音。请大声一点，或选择其他麦克风。
trial-no-microphone = 尚未选择麦克风。请先选择一个。
trial-no-speaker = 尚未选择扬声器。请先选择一个。
