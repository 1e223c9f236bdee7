"""The case: open while the organisation has something under way for the client."""

from events.case import CaseClosed, CaseOpened
from services.case.cases import commands as c
from services.case.cases import domain
from services.kit.feature import Feature

FEATURE = Feature(
    name="cases",
    says=(CaseOpened, CaseClosed),
    decides={c.OpenCase: domain.open_case, c.CloseCase: domain.close_case},
    checks=(domain.check,),
)
