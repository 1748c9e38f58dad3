# 附近的服务器，以及这台电脑上的服务器

nearby = 附近
start-one = 在此启动
start-and-log-in = 启动并登录
nearby-looking = 正在您的网络中查找
nearby-comes = 您网络中的服务器会自动出现在这里。
nearby-none = 在此网络中没有找到服务器。请输入地址，或在此启动一个服务器。
nearby-none-here = 在此网络中没有找到服务器。请输入服务器的地址。
nearby-servers = 附近的服务器
nearby-online = { $count ->
    [0] 还没有人在线
   *[other] { $count } 人在线
}
nearby-choose = 请先从列表中选择一个服务器。

start-here = 这台电脑将成为服务器
start-here-line = 您网络中的人可在“附近”找到它，名称是“{ $name }”。只要 Visavis 在此打开，它就会运行，无需设置。
server-here = 您的服务器正在这台电脑上运行
server-here-line = 它的地址是 { $address }。{ $count } 人已登录。
stop-server = 停止服务器
server-here-address = 供他人使用的地址
invite-qr-code = 链接的二维码
server-here-alone = 这台电脑不在任何网络中，只有它自己能访问服务器。
server-here-network = 此网络中的所有人都能访问它。除非您的路由器把端口 { $port } 转发到这台电脑，否则互联网上无人能访问。
server-here-everyone = 互联网上的所有人都能访问它，除非有防火墙阻挡。
server-here-while-open = 只要 Visavis 在此打开，它就会运行。
server-here-in-tray = 关闭窗口后在托盘中继续运行
stop-server-question = 停止服务器？
closing-with-guests = 停止服务器并退出？
closing-with-guests-line = 另有 { $count } 人正在使用这台电脑上的服务器。没有它，他们找不到任何人。
stop-server-and-quit = 停止服务器并退出
keep-server = 继续运行

server-here-ports = 无法启动服务器：其他程序占用了从 { $first } 到 { $last } 的所有端口。请关闭其中一个，然后重试。
server-here-not-permitted = 这台电脑不允许 Visavis 启动服务器。请询问管理者。
server-here-folder = 无法启动服务器：它保存名称的 { $folder } 无法写入。请为自己授予写入权限。
server-here-full = 无法启动服务器：磁盘已满。请腾出空间，然后重试。
server-here-already = 另一个窗口已在这台电脑上运行服务器。请在“附近”中选择它。
server-here-names = 无法启动服务器：{ $file } 中的名称无法读取。请移走该文件以重新开始。
server-here-failed = 无法在此启动服务器。请重试，或选择其他服务器。
