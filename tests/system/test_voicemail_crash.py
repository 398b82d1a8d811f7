# ctest: timeout=240
"""Nothing that a caller said is lost: kill -9 at bad moments, a disk that is full, a folder that cannot be written."""
import os
import subprocess
import time

from harness import mailbox, sound
from harness.case import Skip, eventually, expect, expect_equal
from harness.mailbox import BEEP, Caller, expect_tone, leave_one, messages, wait_for_messages
from harness.switchroom import Switchroom


def test_killed_in_the_middle(case):
    """What was said before the kill is in the mailbox after the restart, once, and any program plays it."""
    with Switchroom(case, mailbox.office(case)) as pbx:
        leave_one(case, pbx, hertz=400)
        caller = Caller(case, "*991001")
        caller.hears("intro").press("#")
        caller.leave(440, 4)
        pbx.kill()
        caller.stream.stop()
        pbx.start()
        rows = wait_for_messages(pbx, "1001", 2)
        row = max(rows, key=lambda one: one["id"])
        expect(row["length_s"] > 2.5, f"{row['length_s']} s of 4 s survived")
        expect_equal((row["from"], row["name"]), ("1002", "Person 1002"))
        file = pbx.pbxctl("voicemail", "show", str(row["id"]))["file"]
        report = subprocess.run(["sox", file, "-n", "stat"], capture_output=True, text=True)
        expect_equal(report.returncode, 0, report.stderr)
        samples, _ = sound.read(file)
        expect_tone(samples, 440, "the sound that was said")
        pbx.kill()
        pbx.start()
        expect_equal(len(messages(pbx, "1001")), 2, "messages after another kill")
        expect_equal(os.listdir(case.folder / "data" / "voicemail" / "incoming"), [], "orphans")


def test_killed_in_the_review(case):
    """The caller has not said yet whether to keep it: it is kept."""
    with Switchroom(case, mailbox.office(case)) as pbx:
        caller = Caller(case, "*991001")
        caller.hears("intro").press("#")
        caller.leave(440, 2.5)
        caller.press("#").be_quiet()
        caller.hears("review")
        pbx.kill()
        caller.stream.stop()
        pbx.start()
        expect_equal(len(wait_for_messages(pbx, "1001", 1)), 1)


def test_killed_with_many_calls(case):
    """Several callers at once, some done, some not; killed at a random moment: each message is there once."""
    with Switchroom(case, mailbox.office(case, voicemail="review = false")) as pbx:
        done = [leave_one(case, pbx, user=user, seconds=2.5) for user in ("1002", "1003")]
        callers = []
        for user in ("1002", "1003", "1001"):
            caller = Caller(case, "*991001", user)
            caller.hears("intro").press("#")
            caller.hears(BEEP).say(sound.tone(450, 1))
            callers.append(caller)
        time.sleep(3.5)
        callers[0].press("#")
        pbx.kill()
        for caller in callers:
            caller.stream.stop()
        pbx.start()
        rows = wait_for_messages(pbx, "1001", 5)
        expect_equal(sorted(row["from"] for row in rows), ["1001", "1002", "1002", "1003", "1003"])
        expect(all(row["id"] in {one["id"] for one in rows} for row in done), "those that were done")


def small_disk(case, megabytes):
    """data/voicemail as a file system of its own."""
    place = case.folder / "data" / "voicemail"
    place.mkdir(parents=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}M", "tmpfs", str(place)], capture_output=True)
    if done.returncode != 0:
        raise Skip("no file system may be mounted here")
    case.defer(lambda: subprocess.run(["umount", "-l", str(place)], capture_output=True))
    return place


def test_a_full_disk(case):
    """The caller is told, the log says it, calls go on, what was kept before is there, and room helps."""
    place = small_disk(case, 2)
    with Switchroom(case, mailbox.office(case)) as pbx:
        leave_one(case, pbx, hertz=400)
        ballast = place / "ballast"
        file = os.open(ballast, os.O_WRONLY | os.O_CREAT)
        try:
            while os.write(file, b"x" * 4096):
                pass
        except OSError:
            pass
        finally:
            os.close(file)
        caller = Caller(case, "*991001")
        caller.hears("intro").press("#")
        caller.hears(BEEP)
        caller.say(sound.tone(440, 1))
        eventually(lambda: "No space" in pbx.log or "no room" in pbx.log.lower(), 10, "an error in the log")
        caller.is_hung_up_on(10)
        owner = Caller(case, "*98", "1001")
        owner.hears("enter_pin").press("4711#").hears("main_menu").press("1").hears(400).hang_up()
        ballast.unlink()
        leave_one(case, pbx, hertz=420)
        expect(len(messages(pbx, "1001")) >= 2, "messages")


def test_a_folder_that_cannot_be_written(case):
    """Said at the start, with the folder's name."""
    place = case.folder / "data" / "voicemail"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("not a folder")
    try:
        Switchroom(case, mailbox.office(case))
    except AssertionError as failed:
        expect("voicemail" in str(failed), failed)
    else:
        raise AssertionError("it started without its mailboxes")
