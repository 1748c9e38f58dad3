# Cameras, microphones and speakers: their lists, and what is wrong with them.

camera = Camera
microphone = Microphone
speaker = Speaker
system-default = System default
system-default-device = System default: { $device }
sound-or-video-file = File { $name }
device-not-connected = { $device } (not connected)
test-picture = Test picture
test-tone = Test tone
no-camera = No camera
no-microphone = No microphone
no-sound = No sound
look-for-devices = Look for devices again
cancel-echo = Cancel echo
cancel-echo-hint = Keeps others from hearing themselves through your speaker.
reduce-noise = Reduce noise
automatic-volume = Automatic volume
their-volume = Their volume
microphone-level = Microphone level

## The camera

camera-none = No camera was found. Connect one.
camera-unknown = The camera “{ $device }” is not there. Choose another one.
camera-busy = The camera “{ $device }” is in use by another program. Close that program, or choose another camera.
camera-forbidden = Visavis may not use the camera “{ $device }”. Allow it in the system's privacy settings.
camera-no-answer = The camera “{ $device }” does not answer. Unplug it and plug it in again, or choose another one.
camera-no-format = The camera “{ $device }” offers no picture that Visavis can use. Choose another one.
camera-failed = The camera “{ $device }” can't be opened. Choose another one.
camera-lost = The camera stopped or was disconnected. Connect it again, or choose another one.
camera-slow = The camera is not open yet. Allow it if the system asks, or choose another one.
video-file-failed = The video file { $name } can't be played. Choose a camera.
nothing-comes-from-file = Nothing comes from { $name } yet. Start what writes into it.
nobody-reads-file = Nobody reads { $name } yet. Start what reads it.
no-thread = The computer is too busy to open the device. Close other programs.
driver-failed = The device failed. Choose another one.
call-without-picture = { $trouble } The call goes on without your picture.

## The microphone

microphone-none = No microphone was found. Connect one.
microphone-unknown = The microphone “{ $device }” is not there. Choose another one.
microphone-busy = The microphone “{ $device }” is in use by another program. Close that program, or choose another microphone.
microphone-forbidden = Visavis may not use the microphone “{ $device }”. Allow it in the system's privacy settings.
microphone-failed = The microphone “{ $device }” can't be opened. Choose another one.
microphone-no-answer = The microphone does not open. Unplug it and plug it in again, or choose another one.
microphone-unusable = This microphone can't be used. Choose another one.
microphone-slow = The microphone does not answer. Choose another one.
microphone-lost = The microphone stopped or was disconnected. Connect it again, or choose another one.
microphone-replaced = The microphone was disconnected. The system's default is used instead.
sound-file-failed = The sound file can't be played. Choose a microphone.
call-without-voice = { $trouble } The call goes on without your voice.

## The speaker

speaker-none = No speaker was found. Connect one.
speaker-unknown = The speaker “{ $device }” is not there. Choose another one.
speaker-busy = The speaker “{ $device }” is in use by another program. Close that program, or choose another speaker.
speaker-forbidden = Visavis may not use the speaker “{ $device }”. Allow it in the system's privacy settings.
speaker-failed = The speaker “{ $device }” can't be opened. Choose another one.
speaker-no-answer = The speaker does not open. Unplug it and plug it in again, or choose another one.
speaker-unusable = This speaker can't be used. Choose another one.
speaker-slow = The speaker does not answer. Choose another one.
speaker-lost = The speaker stopped or was disconnected. Connect it again, or choose another one.
speaker-replaced = The speaker was disconnected. The system's default is used instead.
recording-file-failed = The sound can't be recorded into that file. Choose a speaker.
recording-stopped = The sound is no longer recorded.
call-without-sound = { $trouble } You will not hear the other.
sound-through-default = { $trouble } You hear the other through the system's default.

## Trying them out

trial-microphone-silent = Nothing was heard. Speak louder, or choose another microphone.
trial-no-microphone = No microphone is chosen. Choose one first.
trial-no-speaker = No speaker is chosen. Choose one first.
