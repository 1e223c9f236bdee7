"""One service's story while it is told: what its facts have said so far, and the row it makes."""

from dataclasses import dataclass, field
from datetime import date, timedelta

from projections.service_path.rows import DaysRow, PauseRow, ServiceRow, ServiceState


@dataclass
class Story:
    """Facts of one service, in order. ``refs`` are the entries that it goes by, for others to refer to."""

    service: str
    organisation: str
    ref: str
    refs: set[str] = field(default_factory=set)
    decision: str | None = None
    title: str | None = None
    place: str | None = None
    direction: str | None = None
    planned_start: date | None = None
    waiting_as: ServiceState = "running"
    started_on: date | None = None
    planned_end: date | None = None
    ended_on: date | None = None
    interrupted: bool = False
    outcome: str | None = None
    next_step: str | None = None
    days: list[DaysRow] = field(default_factory=list)
    pauses: list[PauseRow] = field(default_factory=list)
    paused: bool = False

    def agree(self, state: ServiceState, starts_on: date, ends_on: date, days_per_week: int) -> None:
        """It is decided or agreed, and has not begun yet."""
        self.waiting_as, self.planned_start, self.planned_end = state, starts_on, ends_on
        self.set_days(starts_on, days_per_week)

    def begin(self, on: date) -> None:
        """It began on this day, whatever had been planned."""
        self.started_on = on
        if self.days and self.days[0].from_day == self.planned_start:
            self.days[0] = DaysRow(from_day=on, days_per_week=self.days[0].days_per_week)

    def set_days(self, on: date, days_per_week: int | None) -> None:
        """From this day on, or from the beginning where that is still ahead."""
        if days_per_week is not None:
            self.days.append(DaysRow(from_day=max(on, self.starts_on or on), days_per_week=days_per_week))

    def pause(self, on: date, until: date | None) -> None:
        self.paused = True
        self.pauses.append(PauseRow(from_day=on, until=until))

    def resume(self, on: date) -> None:
        self._close_pause(on - timedelta(days=1))

    def end(self, on: date, outcome: str, interrupted: bool = False) -> None:
        """``on`` was the last day."""
        self._close_pause(on)
        self.ended_on, self.outcome, self.interrupted = on, outcome, interrupted

    def _close_pause(self, last_day: date) -> None:
        if self.paused:
            pause = self.pauses.pop()
            if pause.from_day <= last_day:
                self.pauses.append(PauseRow(from_day=pause.from_day, until=last_day))
        self.paused = False

    @property
    def starts_on(self) -> date | None:
        return self.started_on or self.planned_start

    @property
    def state(self) -> ServiceState:
        if self.ended_on is not None:
            return "interrupted" if self.interrupted else "ended"
        if self.paused:
            return "paused"
        return "running" if self.started_on is not None else self.waiting_as

    def row(self) -> ServiceRow:
        return ServiceRow(
            ref=self.ref,
            service=self.service,
            organisation=self.organisation,
            title=self.title,
            place=self.place,
            direction=self.direction,
            state=self.state,
            began_before=self.starts_on is None,
            starts_on=self.starts_on,
            planned_end=self.planned_end,
            ends_on=self.ended_on or self.planned_end,
            days_per_week=self.days[-1].days_per_week if self.days else None,
            outcome=self.outcome or self.next_step,
            next_step=self.next_step,
            pauses=tuple(self.pauses),
            days=tuple(self.days),
        )
