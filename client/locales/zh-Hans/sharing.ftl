# Sharing a screen or a window, and seeing the other's.

## Choosing

share = 共享
share-hint = 共享屏幕或窗口（{ $keys }）
stop-sharing-hint = 停止共享（{ $keys }）
share-title = 共享屏幕或窗口
share-line = { $peer } 只能看到您在此选择的内容，直到您停止。
share-screens = 屏幕
share-windows = 窗口
share-portal = 屏幕或窗口
share-portal-line = 您的桌面会询问是哪一个。
share-screen-numbered = 屏幕 { $number }
share-untitled = 无标题窗口
share-name-and-size = { $name }，{ $width }×{ $height }
share-camera = 在角落保留我的摄像头
share-sound = 此电脑的声音
share-this-screen = 共享此屏幕
share-this-window = 共享此窗口
share-looking = 正在查找屏幕和窗口…
share-nothing = 没有可共享的屏幕或窗口。
close-share = 关闭共享

## While sharing

share-other = 共享其他内容
stop = 停止
stop-sharing = 停止共享
sees-screen = { $peer } 正在看您的屏幕
sees-named-screen = { $peer } 正在看您的屏幕“{ $name }”
sees-window = { $peer } 正在看您的窗口“{ $name }”
sees-untitled-window = { $peer } 正在看您的窗口
sees-what-you-chose = { $peer } 正在看您选择的内容
share-starts = 尚未共享任何内容…
share-desktop-asks = 请在桌面的对话框中选择
share-hidden = 您的窗口目前不可见：{ $peer } 看到的是它最后的样子
what-they-see = { $peer } 看到的画面

## When it ends by itself

share-ended-window = 窗口已关闭，不再共享。
share-ended-screen = 屏幕已断开，不再共享。
share-ended-not-allowed = 桌面未允许，或未选择任何内容：没有共享。
share-ended-desktop = 您的桌面已停止共享。
share-ended-failed = 不再共享：{ $why } 需要时请重新共享。

## The other's screen

screen-of = { $peer } 的屏幕
zoom-in = 放大
zoom-out = 缩小
zoom-fit = 适应
zoom-fit-hint = 适应窗口（0）
zoom-original = 原始大小
zoom-original-hint = 原始大小（1）
zoom-now = 缩放：{ $percent }
keys-zoom = 通话中放大或缩小对方的屏幕
keys-original = 通话中以原始大小显示对方的屏幕
keys-text = 通话中显示或隐藏文字和文件
keys-share = 通话中共享屏幕或窗口，或停止共享
