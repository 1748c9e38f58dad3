# Who is at the other end of a call, and the keys of names.

## In one word

trust-verified = Verified
trust-known = Verified by earlier calls
trust-new = New
trust-perhaps-new = Perhaps new
trust-not-verified = Not verified
trust-codes-differ = Codes differ
trust-key-changed = Key changed

## While it rings

rings-verified = Verified: you compared the code on { $day }
rings-known = Verified by earlier calls: the key is the same
rings-new = New: you have never talked to this name before
rings-new-key = New: no key of theirs is remembered yet
rings-perhaps-new = Perhaps new: remembered keys are missing here
rings-not-verified = Not verified: nothing shows who is calling
desktop-call-not-verified = Video call, not verified
desktop-key-changed = { $name }’s key has changed. Open Visavis to decide.

## The safety code

safety-code = Safety code
safety-code-hint = { $state }. What that means, and the safety code ({ $keys })
close-safety-code = Close the safety code
safety-verified-line = You compared the code with { $name } on { $day }, and it is the same key today. Nothing to do.
safety-known-line = It is the same key as in your earlier calls with { $name }. Compare the code once to be sure that it is theirs.
safety-new-line = This is your first call with { $name }’s key. It is remembered from now on. Compare the code once to be sure that it is theirs.
safety-perhaps-new-line = Remembered keys are missing on this computer, so { $name } may have had another key before. Compare the code to be sure that this one is theirs.
safety-page-line = { $name } calls from a web page. The page comes from the server, so you rely on whoever runs it not to listen in.
safety-unsigned-line = { $name } calls from a web page or an older app, which has no key. You rely on whoever runs the server not to listen in.
safety-withheld-line = { $name }’s app did not send its part of the code in time, so there is nothing to compare. You rely on whoever runs the server not to listen in.
safety-differ-title = The codes differ
safety-differ-line = Somebody may sit between you. Say nothing private in this call. Close it, and ask { $name } by another way what happened.
safety-awaited = The code comes in a moment…
compare-aloud = Compare them aloud: do you and { $name } read the same four words?
compare-means = If they are the same, nobody sits between you, not even the server. You only do this once for each person.
codes-same = They are the same
codes-differ = They differ
compare-again = Compare again
show-code = Show today’s code
code-word = Word { $number }: { $word }
keys-safety-code = Show who is at the other end and the safety code, in a call

## A key that has changed

key-changed-title = { $name }’s key has changed
key-missing-title = { $name } has no key any more
key-nothing-sent = Nothing has been sent yet: your camera and microphone are off. There are two ways this can happen:
key-way-computer = { $name } has a new computer
key-way-computer-line = or set Visavis up again. Then all is well.
key-way-page = { $name } uses a web page or an older app
key-way-page-line = which have no key. Then all is well, but nothing shows it.
key-way-other = Somebody else uses this name
key-way-other-line = or sits between you, and could see and hear the call.
key-ask-calling = Ask { $name } by another way. If you call, compare the safety code first.
key-ask-called = Ask { $name } by another way. If you accept, compare the safety code first.
key-ask-without = Ask { $name } by another way. If you talk now, say nothing private.
do-not-call = Do not call
call-and-compare = Call and compare
call-all-the-same = Call all the same
allow-and-accept = Allow and accept

## What is remembered of somebody

person-verified-line = You compared the safety code with { $name } aloud on { $day }.
person-known-line = The key is the same since { $day }. Compare the safety code in a call to be sure that it is theirs.
person-changed = Their key has changed
person-changed-line = A call on { $day } had another key than before, or none. Ask { $name } by another way before you talk.
forget-key = Forget this key
forget-key-sure = Forget { $name }’s key? Their next call counts as the first: nobody would notice another key.
forget = Forget
