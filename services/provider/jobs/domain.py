"""Jobs: begun once coaching began, ended once."""

from events.coaching import CoachingEnded, CoachingStarted, InWorkSupportGiven, JobEnded, JobStarted
from events.envelope import Fact
from services.kit.client_file import At, ClientFile, Draft, check_all_refer, copied, lacking, referring, the_one
from services.kit.errors import Impossible
from services.provider.jobs import commands as c

HOURS_IN_A_WEEK = 168


def start_job(file: ClientFile, command: c.StartJob, at: At) -> list[Draft]:
    coaching = _coaching(file, command.coaching)
    return [Draft(copied(command, JobStarted, coaching=coaching), command.on or at.today)]


def _coaching(file: ClientFile, ref: str | None) -> str | None:
    """The coaching that is named, else one under way, else one that has ended; none where there never was one."""
    if ref is None and not file.of(CoachingStarted):
        return None
    under_way = lacking(file, "coaching", CoachingEnded)
    none_under_way = not any(map(under_way, file.of(CoachingStarted)))
    return the_one(
        file, ref, CoachingStarted, field="coaching", among=lambda f: none_under_way or under_way(f)
    ).ref


def give_in_work_support(file: ClientFile, command: c.GiveInWorkSupport, at: At) -> list[Draft]:
    return [Draft(copied(command, InWorkSupportGiven, job=_job(file, command).ref), command.on or at.today)]


def end_job(file: ClientFile, command: c.EndJob, at: At) -> list[Draft]:
    return [Draft(copied(command, JobEnded, job=_job(file, command).ref), command.on or at.today)]


def _job(file: ClientFile, command: c.OfJob) -> Fact[JobStarted]:
    return the_one(file, command.job, JobStarted, field="job", among=lacking(file, "job", JobEnded))


# What cannot be.


def check(file: ClientFile) -> None:
    """Raises ``Impossible``: a job before the coaching that led to it, hours that no week has, ended twice or
    before it began. Support may come before a job and after it."""
    check_all_refer(file, "coaching", [JobStarted], CoachingStarted)
    check_all_refer(file, "job", [InWorkSupportGiven, JobEnded], JobStarted)
    for job in file.of(JobStarted):
        _check_start(job, file.find(job.says.coaching, CoachingStarted))
        _check_end(job, referring(file, job, "job", JobEnded))


def _check_start(job: Fact[JobStarted], coaching: Fact[CoachingStarted] | None) -> None:
    if coaching is not None and job.occurred_on < coaching.occurred_on:
        raise Impossible("job_before_coaching", "on")
    if job.says.hours_per_week is not None and not 0 < job.says.hours_per_week <= HOURS_IN_A_WEEK:
        raise Impossible("job_hours_out_of_range", "hours_per_week")


def _check_end(job: Fact[JobStarted], ends: list[Fact[JobEnded]]) -> None:
    if len(ends) > 1:
        raise Impossible("already_ended", "job")
    if ends and ends[0].occurred_on < job.occurred_on:
        raise Impossible("ends_before_it_starts", "on")
