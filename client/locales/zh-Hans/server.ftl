# 为什么没有登录。

no-server-address = “{ $typed }”不是服务器地址。请输入类似 calls.example.org 的名字。
server-unknown-name = 没有名为 { $server } 的服务器。请检查拼写，并确认这台电脑已联网。
server-not-running = { $server } 上没有运行服务器。请检查地址，并确认服务器正在运行。
server-no-answer = { $server } 没有应答。请检查地址，并确认没有防火墙阻挡。
server-no-route = 从这个网络无法到达 { $server }。请确认这台电脑已联网。
server-silent-tls = { $server } 的应答不像 Visavis 服务器。请检查地址。如果服务器未加密，请关闭“加密连接”。
server-silent = { $server } 的应答不像 Visavis 服务器。请检查地址。如果服务器已加密，请打开“加密连接”。
server-not-encrypted = { $server } 没有加密。请关闭“加密连接”，或询问加密的地址。
server-encrypted = { $server } 只接受加密连接。请打开“加密连接”。
server-untrusted = 这台电脑不信任 { $server } 的证书。请检查地址。如果服务器是您的，请为它配置知名机构的证书。
server-expired = { $server } 的证书已过期。请让管理者更新证书，并检查这台电脑的时钟。
server-not-yet-valid = { $server } 的证书尚未生效。请检查这台电脑的时钟。
server-other-name = { $server } 的证书属于另一个名字。请按证书上的名字输入服务器。
server-bad-certificate = { $server } 的证书无法使用。请告诉服务器的管理者。
server-encryption-fails = 无法与 { $server } 建立加密连接。请告诉服务器的管理者。
server-too-many = { $server } 暂时不再接受来自这里的登录。请等一分钟再试。
server-behind-proxy = { $server } 现在没有运行。请稍后再试，或告诉管理者。
server-busy = { $server } 过载或正在重启。请稍等再试。
server-not-admitted = { $server } 不让这台电脑进入。请询问管理者。
server-moved = { $server } 已搬迁。请向管理者询问新地址。
server-none-there = { $server } 上没有 Visavis 服务器。请检查地址。
server-failed = { $server } 现在不能工作。请告诉管理者。
server-connection-failed = 与 { $server } 的连接失败。请再试一次。
log-in-taken = 已有人以 { $name } 登录。请选择另一个用户名。
log-in-taken-by-another = 另一个人已以 { $name } 登录。请选择另一个用户名。
log-in-other-name = 服务器让您以 { $name } 以外的名字进入，因此您没有登录。请检查服务器地址。
log-in-name-refused = 服务器不接受用户名 { $name }。请选择另一个。
log-in-not-allowed = 服务器不让 { $name } 从这台设备登录。这个名字可能属于另一台设备。
log-in-refused = 服务器拒绝了登录，没有说明原因。
log-in-was-here = { $reason } 如果就是这台设备，请按当时的写法输入服务器地址。
logged-in-elsewhere = 您在另一个窗口或另一台设备上以 { $name } 登录，这里已退出登录。登录即可回来。

## 登录处

username-help = 别人用它呼叫您。在服务器上最先使用某个名称的人会保留它：无需密码。
username-becomes = 别人看到的是“{ $name }”。
by-address = 按地址
encrypted-connection = 加密连接
server-is-encrypted = 已加密：在通往服务器的途中，没有人知道您呼叫谁。
server-is-open = 未加密：在通往服务器的途中，别人能看到您呼叫谁。
encrypted-server = { $server }，已加密
open-server = { $server }，未加密
recent-servers = 最近的服务器
forget-server = 忘记 { $server }
invitation-invalid = 这不是邀请。邀请以 visavis:// 开头，通向服务器、某个人或房间。
invitation-too-long = 这个邀请太长。请只复制链接。
invitation-server = 这个邀请没有写明服务器。请索取新的链接。
invitation-name = 这个邀请通向一个不可能存在的名称。请索取新的链接。
invitation-room = 这个邀请通向一个不可能存在的房间。请索取新的链接。
invitation-path = 这个邀请在名称之后还有内容。请只复制链接。
invitation-encoding = 这个邀请在途中损坏了。请重新索取。
invitation-option = 这个邀请的内容超出了此版本 Visavis 的理解。请索取另一个链接。
invited-to-person = 您受邀在 { $server } 上呼叫 { $name }。
invited-to-room = 您受邀进入 { $server } 上的房间 { $room }。
invited-to-server = 您受邀进入服务器 { $server }。
server-asks-for-no-key = 服务器 { $server } 没有要求你的密钥，因此没有登录。请让管理者更新服务器，或者再试一次。
