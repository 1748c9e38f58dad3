# 整个窗口：标题、登录、快捷键、通知。

title-ringing = { $peer } 来电 – Visavis
title-calling = 正在呼叫 { $peer } – Visavis
title-in-call = 正在与 { $peer } 通话 – Visavis
title-logged-in = { $name } – Visavis

## 登录

tagline = 一对一私密视频通话
username = 用户名
username-example = alice
server = 服务器
server-example = calls.example.org
server-help = 服务器帮助人们找到彼此，画面和声音不经过它。请输入它的地址，或粘贴您收到的邀请。
log-in = 登录
logging-in = 正在登录…
cancel = 取消
username-missing = 请输入用户名。别人用它呼叫您。
server-missing = 请输入服务器地址，例如 { $example }。

## 键盘快捷键

keyboard-shortcuts = 键盘快捷键
done = 完成
keys-next = 转到下一个按钮或输入框
keys-press = 按下按钮，也可以按空格键
keys-accept = 接听来电
keys-hang-up = 拒绝、取消或结束通话
keys-mute = 通话中静音或取消静音
keys-talk = 通话中静音时按住说话
keys-camera = 通话中关闭或打开摄像头
keys-mini-window = 在通话中切换到小窗口或返回
keys-snapshot = 在通话中保存对方的画面
keys-full-screen = 通话中全屏
keys-whole-picture = 通话中显示完整画面或填满窗口
keys-statistics = 通话中显示统计信息
keys-leave = 退出全屏、关闭列表、返回
keys-settings = 打开设置
keys-help = 显示这些快捷键，也可以按问号
one-key-or-other = { $one } 或 { $other }
key-tab = Tab
key-enter = Enter
key-space = 空格
key-backspace = 退格
key-escape = Esc
key-ctrl = Ctrl
key-shift = Shift
key-alt = Alt
key-delete = Delete
key-insert = Insert
key-page-up = Page Up
key-page-down = Page Down
key-pause = Pause
no-keys = 无
shortcuts-how = 先选择一项，再按新的按键。
shortcuts-waiting = 请按新的按键
shortcuts-press = 按 Esc 保留原来的按键，按退格键则不设按键。
shortcuts-reset = 恢复默认按键
keys-taken = { $keys } 已有用途：{ $what }。请按其他按键。
keys-need-modifier = 这项操作在任何界面都有效，因此需要 Ctrl 或 Alt，或 F9 之类的功能键。
keys-reserved = { $keys } 用于输入文字和移动。请按其他按键。
keys-unknown = 这里不能使用这些按键。请按其他按键。
talking-while-held = 按住 { $keys } 时对方能听到您

## 通知

notices = 通知
dismiss = 关闭
dismiss-notice = 关闭：{ $notice }
older-notices = 还有 { $count } 条更早的

## Settings

settings = 设置
theme = 主题
theme-follow = 跟随系统
theme-dark = 深色
theme-light = 浅色
language = 语言
language-system = 跟随系统
scale = 整体大小
do-not-disturb = 免打扰
begin-with-camera = 通话开始时打开摄像头
begin-with-microphone = 通话开始时打开麦克风

## The desktop

desktop-video-call = 视频通话
desktop-answer = 接听
desktop-show = 显示 Visavis
desktop-mute = 麦克风静音
desktop-quit = 退出
desktop-in-a-call = 正在视频通话
desktop-in-call-with = 正在与 { $name } 通话
invitation-elsewhere = 此邀请属于另一台服务器。请退出登录，登录 { $server }，然后重新打开。
desktop-missed-calls = { $count } 个未接来电
desktop-missed-from = 来自 { $name } 的未接来电
desktop-names = { $names }
desktop-names-and-more = { $names } 等另外 { $more } 人
