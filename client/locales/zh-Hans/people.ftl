# 通话之间的界面：谁在线、呼叫谁、房间、看看自己。

online = 在线
offline = 离线
people-online = { $count } 人在线
people-online-first = { $count } 人在线，列出前 { $shown } 人
nobody-online = 没有其他人在线
ask-somebody = 请让别人打开 Visavis 并登录 { $server }。对方的名字会显示在这里。
ask-somebody-here = 请让别人打开 Visavis 并登录此服务器。对方的名字会显示在这里。
reaching-server = 正在连接服务器…
server-gone = 无法连接服务器。正在重试；恢复之前不能呼叫。
log-out = 退出登录

## 呼叫

username-to-call = 要呼叫的用户名
their-name = 对方的名字
call = 呼叫
call-person = 呼叫 { $name }
callee-missing = 请输入要呼叫的人的名字。

## 名字

name-missing = 请至少输入一个字母或数字。
name-too-long = 用户名最多 { $most } 个字符。
name-space = 用户名不能包含空格。请改用“-”、“_”或“.”。
name-invisible = 用户名中有看不见的字符。请手动输入，不要粘贴。
name-character = 用户名不能包含“{ $character }”。请使用字母、数字、“.”、“-”和“_”。
name-misplaced = “{ $character }”不能放在那里。请以字母或数字开头和结尾，并在“.”、“-”和“_”之间放一个。
name-mixed-scripts = 用户名混用了不同文字的字母。请只用一种。
name-mixed-digits = 用户名混用了不同种类的数字。请使用 0 到 9。
name-looks-latin = 用户名看起来像拉丁字母的名字。请使用拉丁字母，或加一个不同的字母。
name-direction = 用户名中的字母书写方向不同。请只用一个方向，并以字母开头。
name-no-form = 用户名有多种读法。请使用普通的字母和数字。

## 房间

room-word = 约定的词
room-hint = 双方都知道的任意一个词
join = 加入
join-room = 加入房间
joining-room = 正在加入 { $room }…
in-room = 您在 { $room } 中。下一位加入的人可以呼叫您。
mate-in-room = { $name } 也在 { $room } 中。
call-person-in-room = 呼叫 { $room } 中的 { $name }
room-missing = 请输入您与对方约定的词。
room-too-long = 这个词太长。最多 { $most } 个字符。
room-unprintable = 这个词中有无法显示的字符。请重新输入。
room-full = { $room } 中已有两个人。请约定另一个房间。
room-refused = 服务器不让您进入 { $room }。

## 看看自己

show-preview = 显示预览
stop-preview = 停止预览
own-picture = 您的画面（镜像）
waiting-for-camera = 正在启动摄像头…
camera-is-off = 摄像头已关闭

## Contacts, blocked names, calls

tab-people = 联系人
tab-calls = 通话
tab-calls-missed = 通话，{ $count } 个未接
search = 搜索
search-hint = 搜索，或输入要呼叫的名字
contacts = 我的联系人
blocked-names = 已屏蔽
blocked = 已屏蔽
presence-unknown = 不知道是否在线
no-calls-yet = 还没有通话。您的通话会显示在这里。
erase-calls = 清除所有通话
call-missed = 未接
call-missed-while-busy = 您通话时未接
call-unanswered = 无人接听
call-declined = 已拒绝
call-busy = 对方正在通话
call-cancelled = 已取消
call-offline = 对方不在线
call-not-connected = 未接通
missed-call = 未接来电
they-called = { $name } 来电
you-called = 您呼叫
calls-with = 与 { $name } 的通话
call-without-video = 不带视频呼叫
add-contact = 添加到联系人
rename = 重命名
remove-contact = 从联系人中移除
block = 屏蔽
unblock = 取消屏蔽
blocked-line = { $name } 无法呼叫您，也不会得知此事。
display-name = 对 { $name } 的称呼
save = 保存
name-and-state = { $name } · { $state }

## 人员列表上方的提示

missed-call-from = { $name } 的未接来电，{ $time }
missed-calls-last = { $count } 个未接来电，最近一个来自 { $name }，{ $time }
two-sentences = { $first }{ $second }
call-back = 回拨

## 邀请

invite = 邀请
invite-somebody = 邀请他人
invite-line = 在 Visavis 中打开此链接的人，可以在您在线时呼叫您。
invite-here-only = 服务器就在这台电脑上，因此链接只能在此使用。
invite-link = 链接
copy-link = 复制链接
copy-room-link = 复制 { $room } 的链接
link-copied = 已复制
no-visavis-yet = 对方找不到您？
no-visavis-line = 把通向您的链接发给对方。
join-a-room = 加入房间
leave-room = 离开
leave-the-room = 离开 { $room }
nobody-yet = 您呼叫或添加的人会显示在这里。

## 关闭窗口

closing-in-call = 结束通话并退出？
closing-in-call-line = 您正在与 { $name } 通话。
close-call-and-quit = 挂断并退出
keep-calling = 继续通话
closing-to-tray = 让 Visavis 继续运行？
closing-to-tray-line = Visavis 可以留在系统托盘中，让别人仍能呼叫您。您可以从那里重新打开它。
keep-in-tray = 保留在托盘中
