# Who is at the other end of a call, and the keys of names.

## In one word

trust-verified = 已验证
trust-known = 经以往通话验证
trust-new = 新的
trust-perhaps-new = 可能是新的
trust-not-verified = 未验证
trust-codes-differ = 安全码不同
trust-key-changed = 密钥已更改

## While it rings

rings-verified = 已验证：您在{ $day }比对过安全码
rings-known = 经以往通话验证：密钥相同
rings-new = 新的：您从未与这个名字通话
rings-new-key = 新的：尚未记住这个名字的密钥
rings-perhaps-new = 可能是新的：此处缺少记住的密钥
rings-not-verified = 未验证：无法显示来电者是谁
desktop-call-not-verified = 视频通话，未验证
desktop-key-changed = { $name } 的密钥已更改。请打开 Visavis 决定。

## The safety code

safety-code = 安全码
safety-code-hint = { $state }。它的含义和安全码（{ $keys }）
close-safety-code = 关闭安全码
safety-verified-line = 您在{ $day }与 { $name } 比对过安全码，今天密钥相同。无需操作。
safety-known-line = 密钥与您以往同 { $name } 通话时相同。比对一次安全码，即可确定密钥是谁的。
safety-new-line = 这是您第一次用 { $name } 的密钥通话。从现在起会记住它。比对一次安全码，即可确定密钥是谁的。
safety-perhaps-new-line = 此电脑缺少记住的密钥，{ $name } 以前可能用过别的密钥。请比对安全码，确定这个密钥是谁的。
safety-page-line = { $name } 使用网页通话。网页来自服务器，您只能相信运行服务器的人不会窃听。
safety-unsigned-line = { $name } 使用网页或旧版应用通话，没有密钥。您只能相信运行服务器的人不会窃听。
safety-withheld-line = { $name } 的应用没有及时发送安全码的另一部分，因此无法比对。您只能相信运行服务器的人不会窃听。
safety-differ-title = 安全码不同
safety-differ-line = 你们之间可能有人。请勿在此通话中说私密内容。请结束通话，并用其他方式询问 { $name }。
safety-awaited = 安全码马上就到…
compare-aloud = 请读出来比对：您和 { $name } 看到的四个单词相同吗？
compare-means = 如果相同，你们之间就没有别人，服务器也不例外。每个人只需比对一次。
codes-same = 相同
codes-differ = 不同
compare-again = 重新比对
show-code = 显示今天的安全码
code-word = 单词 { $number }：{ $word }
keys-safety-code = 在通话中显示对方是谁和安全码

## A key that has changed

key-changed-title = { $name } 的密钥已更改
key-missing-title = { $name } 不再有密钥
key-nothing-sent = 尚未发送任何内容：您的摄像头和麦克风是关闭的。有两种可能：
key-way-computer = { $name } 换了新电脑
key-way-computer-line = 或重新安装了 Visavis。那就没有问题。
key-way-page = { $name } 使用网页或旧版应用
key-way-page-line = 它们没有密钥。那就没有问题，只是无法显示。
key-way-other = 别人在使用这个名字
key-way-other-line = 或者在你们之间，可以看到和听到通话。
key-ask-calling = 请用其他方式询问 { $name }。如果呼叫，请先比对安全码。
key-ask-called = 请用其他方式询问 { $name }。如果接听，请先比对安全码。
key-ask-without = 请用其他方式询问 { $name }。如果现在通话，请勿说私密内容。
do-not-call = 不呼叫
call-and-compare = 呼叫并比对
call-all-the-same = 仍然呼叫
allow-and-accept = 允许并接听

## What is remembered of somebody

person-verified-line = 您在{ $day }与 { $name } 读出并比对过安全码。
person-known-line = 自{ $day }以来密钥相同。请在通话中比对安全码，确定密钥是谁的。
person-changed = 对方的密钥已更改
person-changed-line = { $day }的一次通话使用了不同的密钥，或没有密钥。通话前请用其他方式询问 { $name }。
forget-key = 忘记此密钥
forget-key-sure = 忘记 { $name } 的密钥？其下一次通话算作第一次：换了密钥也不会被发现。
forget = 忘记
