# What is said on the wire between permitd and its clients.
#
# What you hold is what you may do: Gateway.session gives one capability according to who the connection
# proves to be, and a method that a role lacks does not exist on its interface. No method takes an office id:
# the session is the office. Refusals are values; an RPC exception means a bug or a lost connection.
# One exception is neither: OVERLOADED, where too many calls wait and the answer has no place for a refusal, or where
# a call of any kind came when there was no time to read it. Nothing was done; send it again in a moment.
# The schema only grows: numbers are never reused, retired members keep theirs with a note.
# Times are milliseconds since the Unix epoch (UTC); 2^63-1 means never; durations are minutes.

@0xb7d1a4c35e0f9a21;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("permitd::protocol");

using Moment = Int64;
using Districts = UInt32;  # bit d = district d

# ---- closed sets; the order is that of scheduler/types.h and scheduler/outcome.h (checked at compile time) ----

enum Skill { file @0; inspect @1; admin @2; review @3; deliver @4; confirm @5; }
enum PriorityClass { expedited @0; municipal @1; other @2; }
enum Stage { fileFormation @0; siteInspection @1; adminProcessing @2; planReview @3; municipalDecision @4; permitDelivery @5; }
enum CaseState { draft @0; registered @1; inProgress @2; awaitingApplicant @3; awaitingAgency @4; held @5; awaitingDecision @6;
  approved @7; delivered @8; closed @9; rejected @10; withdrawn @11; lapsed @12; referred @13; }
enum JobState { blocked @0; ready @1; scheduled @2; assigned @3; started @4; done @5; confirmed @6; returned @7; held @8;
  escalated @9; cancelled @10; }
enum OfficeState { none @0; equipping @1; active @2; suspended @3; expired @4; revoked @5; surrendered @6; }
enum ExpertState { none @0; candidate @1; inTraining @2; examPending @3; certified @4; suspended @5; expired @6; left @7; }
enum JobKind { work @0; confirmation @1; }
enum Reach { city @0; office @1; }
enum Confirmer { nobody @0; officeHead @1; secondReviewerAboveArea @2; }
enum ConfirmerFallback { anyHead @0; intakeHead @1; supervisor @2; }
enum HalfDay { morning @0; afternoon @1; }
enum SlaBand { green @0; amber @1; red @2; paused @3; }
enum ActorKind { engine @0; office @1; expert @2; supervisor @3; operator @4; auditor @5; }
enum Reason { none @0; documentsIncomplete @1; agencyInquiry @2; defect @3; noAccess @4; conflictOfInterest @5; tooFar @6;
  overload @7; illness @8; leave @9; leaseExpired @10; certificateLapsed @11; expertSuspended @12; officeInactive @13;
  supervisorOrder @14; applicantRequest @15; applicantSilent @16; violation @17; notOnShift @18; other @19;
  serviceNotActive @20; planned @21; planOver @22; licenceLapsed @23; managerInactive @24;
  suspensionOver @25; suspensionKept @26; }
enum Filter { none @0; office @1; skill @2; certificate @3; fourEyes @4; conflict @5; shift @6; absence @7; capacity @8;
  district @9; heldMost @10; pairRepeat @11; }
enum EventKind { caseChanged @0; jobChanged @1; jobCreated @2; caseAmended @3; feesRecorded @4; slaNotified @5; slaBreached @6;
  slaEscalated @7; expedited @8; deadlineMoved @9; officeChanged @10; expertChanged @11; certificateChanged @12;
  absenceChanged @13; referenceChanged @14; capacityOverridden @15; jobMoved @16; jobPlanned @17; planEnded @18;
  planLocked @19; zoningChanged @20; zoningChecked @21; caseRebased @22; shareUsed @23; licenceChanged @24;
  roundChanged @25; venueChanged @26; licenceChecked @27; licenceRecorded @28; caseMoved @29; }
enum Stuck { notStuck @0; finished @1; caseDraft @2; held @3; escalated @4; awaitingApplicant @5; awaitingAgency @6; caseHeld @7;
  referred @8; awaitingDecision @9; feesNotPaid @10; serviceNotActive @11; appointmentAhead @12; noCertifiedExpert @13;
  calendarClosed @14; nobodyFits @15; nobodyAvailable @16; awaitingConfirmation @17; reserved @18; municipalFirst @19;
  offerDue @20; }
enum Nationality { unknown @0; iranian @1; other @2; }
enum Degree { none @0; associate @1; bachelor @2; master @3; doctorate @4; }
enum DegreeField { none @0; architecture @1; urbanPlanning @2; management @3; informationTechnology @4; urbanDesign @5;
  regionalPlanning @6; civilEngineering @7; surveying @8; geography @9; other @10; }
enum LicenceSubject { licensee @0; manager @1; }
enum LicenceCheck { nationality @0; age @1; degreeLevel @2; degreeField @3; criminalRecord @4; moralRecord @5; bankruptcy @6;
  otherConditions @7; ownVenue @8; }
enum CheckResult { pending @0; passed @1; failed @2; notRequired @3; }
enum LicenceState { none @0; applied @1; eligible @2; ineligible @3; examPending @4; boardPending @5; selected @6; waitlisted @7;
  notSelected @8; equipping @9; active @10; suspended @11; expired @12; revoked @13; surrendered @14; withdrawn @15; }
enum RoundState { none @0; announced @1; open @2; checking @3; exam @4; board @5; ranked @6; }
enum SelectionRoute { none @0; exam @1; board @2; }
enum EquipmentItem { networkHardware @0; furniture @1; computers @2; networkLine @3; signboard @4; printer @5; scanner @6;
  archive @7; }
enum EquipmentParty { none @0; municipality @1; licensee @2; }
enum VenueKind { municipal @0; own @1; }
enum ManagerState { active @0; suspended @1; unchecked @2; }
enum ManagerChange { suspend @0; restore @1; leave @2; replace @3; }
enum ResultState { none @0; present @1; absent @2; competent @3; notCompetent @4; }

enum ZoningState { none @0; loaded @1; validated @2; notified @3; inForce @4; superseded @5; }
enum ZoningResult { notChecked @0; noPlan @1; unknownZone @2; within @3; beyond @4; }
enum ZoningReview { nobody @0; secondReviewer @1; }
enum HomePolicy { propose @0; whenEnded @1; whenInactive @2; }
enum JobsInHand { returned @0; finished @1; }
enum SpanState { none @0; ahead @1; inForce @2; over @3; }

# ---- common values ----

struct Key {  # 128-bit idempotency key, chosen by the client, unique per session identity; all-zero is refused
  high @0 :UInt64;
  low @1 :UInt64;
}
enum SentenceLanguage { en @0; fa @1; }
struct Point { latE6 @0 :Int32; lonE6 @1 :Int32; }

struct Refusal {
  code @0 :UInt8;       # scheduler::Refusal
  field @1 :UInt8;      # scheduler::Field
  filter @2 :Filter;
  state @3 :UInt8;      # present state where the code is wrongState; the Stage where it is notDelegable
  codeName @4 :Text;    # stable identifier, e.g. "staleLease"
  fieldName @5 :Text;   # e.g. "token"; empty when none
  sentence @6 :Text;    # what is wrong, which rule, what to do, in English
  command @7 :UInt8;    # scheduler::CommandKind refused, 0 for reads: with it a client can tell it in its own words
  rule @8 :UInt16;      # of a version of the zoning plan, or of another list such as stages or days, from 1 (of a preview of
                        # the calendar over all its runs); 0: not about one
  member @9 :UInt8;     # of what makes up the field: its policy's, rules', stage's, day's or person's, from 1; 0: not about one
  memberName @10 :Text; # the same, as the schema has it: "leaseMinutes", "licensee.ageMin"; empty when none
}

struct Accepted {       # fields that a method does not use are zero
  op @0 :UInt64;
  caseId @1 :UInt64;    # licensing: the application or round
  job @2 :UInt64;       # equipOffice: the office's code
  token @3 :UInt64;
  until @4 :Moment;     # submit: deadline; lease calls: end of the lease; schedule: begin of the half-day
  expert @5 :UInt32;
  state @6 :UInt8;
  repeated @7 :Bool;    # answered from the memory of the key; nothing was done again
}
struct Result { union { accepted @0 :Accepted; refused @1 :Refusal; } }

struct Policy {         # each within the range that stands first; a refusal names the member that is not
  attemptsMax @0 :UInt16 = 5;                  # 1–100
  leaseMinutes @1 :UInt16 = 30;                # 1–1440
  claimWaitMinutes @2 :UInt16 = 30;            # 1–1440
  nearEqualCount @3 :UInt16 = 3;               # 1–8
  nearEqualPermille @4 :UInt16 = 50;           # 0–1000
  capacityUnitsPerDay @5 :UInt16 = 14;         # 1–48
  visitsPerDay @6 :UInt16 = 8;                 # 1–48
  appointmentLeadMinutes @7 :UInt16 = 60;      # 0–10,000
  slaNotifyPercent @8 :UInt16 = 75;            # 1–100
  slaAmberMinutes @9 :UInt16 = 240;            # 0–10,000
  slaDistrictPercent @10 :UInt16 = 125;        # 100–1000
  applicantSilentDays @11 :UInt16 = 90;        # 1–3650
  secondReviewAreaM2 @12 :UInt32 = 2000;       # 0–10,000,000
  keyRetentionMinutes @13 :UInt32 = 1440;      # 1–525,600
  complexFloors @14 :UInt16 = 5;               # 0–200
  pairRepeatVisits @15 :UInt16 = 3;            # 0–100
  pairRepeatDays @16 :UInt16 = 180;            # 0–3650
  confirmationEffortPercent @17 :UInt16 = 25;  # 1–100 of the confirmed work's effort, at least 5 minutes
  confirmerFallback @18 :ConfirmerFallback;    # who confirms when the worker's office is not active any more
  nearVisits @19 :UInt16;                      # 0–16 visits of each district are looked at for the nearest; 0: by deadline
  nearSlackMinutes @20 :UInt16 = 420;          # 0–10,000; only while the first by deadline has more working time left
  comparedCount @21 :UInt16;                   # 0–32 of the least loaded are compared by the weights when a job looks for an expert
  loadWeight @22 :UInt16 = 1000;               # 0–1000: what a hundredth of load counts,
  travelWeight @23 :UInt16;                    # 0–1000: a kilometre on the way to a visit,
  shareWeight @24 :UInt16;                     # 0–1000: a hundredth of load of the whole office
  zoningReview @25 :ZoningReview = secondReviewer;  # who reads a plan review again, where the zoning plan leaves doubt
  reservedSharePercent @26 :UInt8;             # 0–100 of a day's effort may be of other organisations though municipal work waits
  homes @27 :HomePolicy;                       # when cases of an office that leaves Active move by themselves
  waitingAlarmMinutes @28 :UInt16 = 840;       # 0–60,000 of working time after which the oldest ready job of a class and skill is an alarm; 0: never
  lapseWarningDays @29 :UInt16 = 60;           # 0–3650; certificates that end so soon are warned of
  expertDegree @30 :Degree = associate;        # the least with which an expert's training begins
  drawMinutes @31 :UInt16 = 60;                # 0–10,000; while the first by deadline has more working time left, jobs due so much later by the clock are drawn with it; 0: never
  jobsInHand @32 :JobsInHand;                  # of an office that leaves Active: back at once, or at the end of the shift under way
}
struct CalendarDay { openMinute @0 :UInt32; lengthMinutes @1 :UInt16; }  # minutes since the epoch, UTC; length 0 = closed
struct StageSpec {
  stage @0 :Stage;
  skill @1 :Skill;
  confirmer @2 :Confirmer;
  reach @3 :Reach;
  needsAppointment @4 :Bool;
  sovereign @5 :Bool;
  needsDecision @6 :Bool;
  fieldLease @7 :Bool;
  notMechanised @8 :Bool;
  effortMinutes @9 :UInt16;         # 1–1440, or 0 where the municipality does it itself
  effortComplexMinutes @10 :UInt16; # 0–1440; 0: the same
  slaMinutes @11 :UInt16;           # 1–60,000, or 0 as the effort
  onlyIfBuilt @12 :Bool;      # skipped where no building stands
}
struct Service {
  service @0 :UInt8;
  version @1 :UInt16;
  effectiveFrom @2 :Moment;   # a whole minute; what is beyond it is cut off
  label @3 :Text;
  stages @4 :List(StageSpec);
}
struct Organisation { organisation @0 :UInt8; priority @1 :PriorityClass; enabled @2 :Bool; label @3 :Text; }
struct Activation {                    # of a service at an office; `until` not after `from`: it was taken back
  office @0 :UInt16; service @1 :UInt8; from @2 :Moment; until @3 :Moment;
}
struct OfficeSpec {
  office @0 :UInt16;
  district @1 :UInt8;
  state @2 :OfficeState;
  licensee @3 :UInt64;
  technicalManager @4 :UInt64;         # of a known office the present one, see setTechnicalManager
  point @5 :Point;
  label @6 :Text;
}
struct ExpertSpec {
  expert @0 :UInt32;
  office @1 :UInt16;
  state @2 :ExpertState;
  person @3 :UInt64;
  districts @4 :Districts;    # 0 = all
  unitsPerDay @5 :UInt16;     # 0 = policy
  home @6 :Point;
  label @7 :Text;
  degree @8 :Degree;          # training wants the policy's expertDegree
  relatives @9 :List(UInt64); # declared, at most 4: no case of theirs is the expert's to look at
}

struct Submission {
  key @0 :Key;
  service @1 :UInt8;
  district @2 :UInt8;
  organisation @3 :UInt8 = 1;
  draft @4 :Bool;
  built @5 :Bool;
  floors @6 :UInt16;
  areaM2 @7 :UInt32;
  point @8 :Point;
  owner @9 :UInt64;
  relative @10 :UInt64;
  designer @11 :UInt64;
  supervisingEngineer @12 :UInt64;
  parcel @13 :Text;      # at most 23 bytes of UTF-8
  reference @14 :Text;   # at most 23 bytes
  zone @15 :Text;        # at most 7 capital letters and digits, "R122"; empty: the zoning plan is not asked
  coveragePermille @16 :UInt16;  # asked for, 0–1000 of the parcel; 0: not stated
  streetWidthDm @17 :UInt16;     # decimetres; 0: not stated
}

struct Lease {
  job @0 :UInt64;
  caseId @1 :UInt64;
  token @2 :UInt64;      # fencing token; quote it in every call on this job
  until @3 :Moment;
}

# ---- what is read ----

struct Job {
  job @0 :UInt64; caseId @1 :UInt64; token @2 :UInt64;
  readySince @3 :Moment; deadline @4 :Moment; leaseUntil @5 :Moment; appointment @6 :Moment;
  holder @7 :UInt32; intakeOffice @8 :UInt16; effortMinutes @9 :UInt16; service @10 :UInt8;
  stage @11 :Stage; kind @12 :JobKind; state @13 :JobState; skill @14 :Skill; priority @15 :PriorityClass;
  district @16 :UInt8; attempts @17 :UInt8; band @18 :SlaBand; rework @19 :Bool; reason @20 :Reason;
  remainingMinutes @21 :Int32;
  plannedFor @22 :UInt32;               # reserved for by a plan; 0: for nobody, or not told to who asks
  plannedStart @23 :Moment;             # by that plan
  planLocks @24 :UInt8;                 # of the reservation: person 1, start 2, order 4
}
struct Case {
  caseId @0 :UInt64; registeredAt @1 :Moment; closedAt @2 :Moment;
  owner @3 :UInt64; designer @4 :UInt64; supervisingEngineer @5 :UInt64;
  parcel @6 :Text; reference @7 :Text; point @8 :Point; areaM2 @9 :UInt32; floors @10 :UInt16;
  serviceVersion @11 :UInt16; office @12 :UInt16; service @13 :UInt8; organisation @14 :UInt8;
  state @15 :CaseState; priority @16 :PriorityClass; district @17 :UInt8; stageIndex @18 :UInt8;
  stages @19 :List(Stage); decided @20 :Bool; feesPaid @21 :Bool; currentJob @22 :UInt64;
  jobs @23 :List(Job);
  zone @24 :Text; coveragePermille @25 :UInt16; streetWidthDm @26 :UInt16;
  zoningVersion @27 :UInt16;            # of the zoning plan, that judges it; 0: none
  zoningCheckedAt @28 :Moment;          # never: it names no zone
  zoning @29 :ZoningFinding;            # as of that moment
  built @30 :Bool;                     # a building stands there already
  feesRial @31 :UInt64;                 # 0 while they are not paid
  decisionDue @32 :Moment;              # of a stage that the municipality does; never while no clock of it runs, or beyond the calendar
  decisionRemainingMinutes @33 :Int32;  # working time; negative when it is late
  decisionBand @34 :SlaBand;            # paused while no clock of it runs
}
struct ZoningFinding {                  # what the zoning plan says; never a decision
  result @0 :ZoningResult;
  allowedFloors @1 :UInt16; allowedCoveragePermille @2 :UInt16;
  areaUnmet @3 :Bool; streetUnmet @4 :Bool;      # conditions of the zone that are not met,
  areaCost @5 :UInt8; streetCost @6 :UInt8;      # the floors that each of them costs,
  areaUnknown @7 :Bool; streetUnknown @8 :Bool;  # and those that were not judged, as nothing was stated
  notBuildable @9 :Bool;                         # an unmet condition allows nothing
}
struct ZoningRule {
  zone @0 :Text; floors @1 :UInt16; coveragePermille @2 :UInt16;
  areaMinM2 @3 :UInt32; streetMinDm @4 :UInt16;  # 0: no condition
  areaEffect @5 :UInt8; streetEffect @6 :UInt8;  # floors lost when it is not met; 255: nothing may be built
}
struct ZoningVersion {
  version @0 :UInt16; state @1 :ZoningState; rules @2 :UInt16; rulesTotal @3 :UInt16; cases @4 :UInt32;
  effectiveFrom @5 :Moment;             # never until it is notified
}
struct ZoningChange {                   # an open case to which another version says something else
  caseId @0 :UInt64; office @1 :UInt16; district @2 :UInt8; stage @3 :Stage; state @4 :CaseState; zone @5 :Text;
  version @6 :UInt16; floors @7 :UInt16; coveragePermille @8 :UInt16;  # that judges it; asked for
  present @9 :ZoningFinding; changed @10 :ZoningFinding;
}
struct Event {
  op @0 :UInt64; at @1 :Moment; caseId @2 :UInt64; job @3 :UInt64;
  actorKind @4 :ActorKind; actor @5 :UInt32; expert @6 :UInt32; office @7 :UInt16;
  kind @8 :EventKind; stage @9 :Stage; before @10 :UInt8; after @11 :UInt8; reason @12 :Reason; note @13 :Text;
  version @14 :UInt16;                  # of the zoning plan; with zoningChanged, zoningChecked and caseRebased
  subject @15 :UInt16;                  # of events about licensing: the application, round or venue
  skill @16 :Skill;                     # of certificateChanged, whose before and after are SpanState, as those of absenceChanged
}
struct Absence { from @0 :Moment; until @1 :Moment; reason @2 :Reason; }
struct Expert {
  expert @0 :UInt32; person @1 :UInt64; office @2 :UInt16; state @3 :ExpertState;
  onShift @4 :Bool; absent @5 :Bool; available @6 :Bool;
  unitsPerDay @7 :UInt16; bookedMinutesToday @8 :UInt16; visitsToday @9 :UInt16; assigned @10 :UInt16; started @11 :UInt16;
  windowMinutes @12 :UInt32; doneTotal @13 :UInt64; certifiedUntil @14 :List(Moment);  # by Skill; 0 = never
  districts @15 :Districts; label @16 :Text;
  otherMinutesToday @17 :UInt16;        # of bookedMinutesToday, for other organisations
  degree @18 :Degree;
  absences @19 :List(Absence);          # that are not over, by begin
  relatives @20 :List(UInt64);          # declared
  suspendedUntil @21 :Moment;           # of the suspension in force or ahead; never: there is none, or until another command
  suspendedFrom @22 :Moment;            # never: none is ahead
}
struct Office {
  office @0 :UInt16; district @1 :UInt8; state @2 :OfficeState; expertsCertified @3 :UInt16;
  capacityUnitsPerDay @4 :UInt32; servicesActive @5 :UInt64; casesSubmitted @6 :UInt64; casesOpen @7 :UInt64;
  doneMinutes @8 :UInt64; windowMinutes @9 :UInt64; slaMet @10 :UInt64; slaMissed @11 :UInt64;
  licensee @12 :UInt64; technicalManager @13 :UInt64; point @14 :Point; label @15 :Text;
  licenceUntil @16 :Moment; application @17 :UInt32; venue @18 :UInt16; managerState @19 :ManagerState;
  managerChecks @20 :List(CheckState);  # that are required: of a manager who came later to an office from before the rounds
  suspendedFrom @21 :Moment;            # never: no suspension is ahead
  suspendedUntil @22 :Moment;           # of the one in force or ahead; never: there is none, or until another command
}
struct Candidate { expert @0 :UInt32; loadPpm @1 :UInt32; metres @2 :UInt32; officePpm @3 :UInt32; }
struct Rejected { expert @0 :UInt32; filter @1 :Filter; job @2 :UInt64; }  # by a claim a job that came before, else an expert
struct Drawn { job @0 :UInt64; metres @1 :UInt32; minutes @2 :UInt32; }  # a visit's way from where the expert was; how much later than the first it is due
struct Decision {
  job @0 :UInt64; op @1 :UInt64; at @2 :Moment; seed @3 :UInt64; chosen @4 :UInt32;
  byClaim @5 :Bool; bySupervisor @6 :Bool; considered @7 :UInt16;
  removed @8 :List(UInt16);  # by Filter: experts, by a claim jobs
  nearEqual @9 :List(Candidate);
  rejected @10 :List(Rejected);  # the first eight
  sentence @11 :Text;
  passedOver @12 :UInt64;        # the job that came first and can wait, when a visit near to who asked was drawn in its place; 0: none
  passedOverMetres @13 :UInt32;
  compared @14 :UInt16;          # so many candidates were compared by their scores, or visits by their ways
  loadWeight @15 :UInt16; travelWeight @16 :UInt16; shareWeight @17 :UInt16;  # as in the policy then; all 0: by load alone
  byShare @18 :Bool;             # out of the share reserved for other organisations, while municipal work waited
  municipalFirst @19 :UInt16;    # experts passed over, as municipal work waited for them
  drawn @20 :List(Drawn);        # by a claim the visits about as near as the nearest, or with byDeadline the jobs about as urgent as
                                 # the first, which the lot chose from, in this order; those that lie outside what who reads this may see are left out, and the list is empty where the first in order was given
  drawnHidden @21 :Bool;         # who reads this sees a part of the city: whether there were others is not told
  byDeadline @22 :Bool;          # what was drawn among are jobs about as urgent as the first in order; not told to who sees a part
}
struct StuckReason {
  cause @0 :Stuck; certified @1 :UInt32; withCapacity @2 :UInt32; ahead @3 :UInt32; until @4 :Moment; sentence @5 :Text;
  removed @6 :List(UInt32);      # certified experts by the first Filter that keeps them from it
  waiting @7 :UInt32;            # with capacity, and waiting in a claim
  municipalAsked @8 :UInt32;     # with capacity, and asked whether municipal work waits for them: up to 32, for a job of others
  municipalFirst @9 :UInt32;     # of them it does for so many
}
struct OpenCell {
  stage @0 :Stage; office @1 :UInt16; district @2 :UInt8; priority @3 :PriorityClass;
  blocked @4 :UInt32; ready @5 :UInt32; scheduled @6 :UInt32; assigned @7 :UInt32; started @8 :UInt32; held @9 :UInt32;
  confirming @10 :UInt32; effortMinutes @11 :UInt32;
}
struct Flow {
  created @0 :UInt64; done @1 :UInt64; cancelled @2 :UInt64; returned @3 :UInt64; rework @4 :UInt64; slaMet @5 :UInt64; slaMissed @6 :UInt64;
}
struct Stats {
  op @0 :UInt64; now @1 :Moment; casesSubmitted @2 :UInt64;
  cases @3 :List(UInt64);        # by CaseState
  jobs @4 :List(UInt64);         # by JobState
  flow @5 :List(Flow);           # by Stage
  bands @6 :List(List(UInt64));  # [Stage][SlaBand]: open jobs; of the municipality's stages the cases that wait
  ready @7 :List(List(UInt32));  # [PriorityClass][Skill]
  oldestReady @8 :List(List(Moment));
  leasesExpired @9 :UInt64; declined @10 :UInt64; reassigned @11 :UInt64; escalated @12 :UInt64;
  capacityOverrides @13 :UInt64; municipalFirstViolations @14 :UInt64; historyDropped @15 :UInt64; keysForgottenEarly @16 :UInt64;
  casesInMemory @17 :UInt32; jobsInMemory @18 :UInt32; eventsInMemory @19 :UInt32; keysInMemory @20 :UInt32; memoryBytes @21 :UInt64;
  casesRebased @22 :UInt64;             # to another version of the zoning plan
  reservedShareStarts @23 :UInt64;      # class-2 starts while municipal work waited, allowed by the reserved share
  waitingMinutes @24 :List(List(UInt32));  # [PriorityClass][Skill] working time that the oldest ready job has waited
  waitingAlarm @25 :List(List(Bool));   # it has waited as long as the policy's waitingAlarmMinutes
  certificatesLapsing @26 :List(UInt32);  # by Skill: that end within the policy's lapseWarningDays, of experts who work
  meetingsForgottenEarly @27 :UInt64;   # of inspectors and owners, pushed out while the policy could use them
  meetingsInMemory @28 :UInt32;
  decisionsInTime @29 :UInt64; decisionsLate @30 :UInt64;  # of the municipality, of stages that have a term
}
struct Override {                # a job that went to somebody whose day was full, by order
  op @0 :UInt64; at @1 :Moment; job @2 :UInt64; caseId @3 :UInt64; stage @4 :Stage; district @5 :UInt8;
  expert @6 :UInt32; actorKind @7 :ActorKind; actor @8 :UInt32;  # who got it, and who ordered it
  filter @9 :Filter;             # that was lifted
  minutesBefore @10 :UInt32;     # of the expert's day: booked, or kept by a plan for other jobs
  effortMinutes @11 :UInt16;     # of the job
  capacityMinutes @12 :UInt32;   # of that day
  visitsBefore @13 :UInt32; visitsMax @14 :UInt16;  # likewise, of a visit; else 0
  note @15 :Text;                # why
}
struct JobFilter {               # masks have a bit per enumerator; 0 = no filter
  stages @0 :UInt32; states @1 :UInt32; classes @2 :UInt32; districts @3 :UInt32; bands @4 :UInt32;
  office @5 :UInt16; holder @6 :UInt32; caseId @7 :UInt64; service @8 :UInt8;
}
struct Page { cursor @0 :UInt64; limit @1 :UInt16 = 100; }  # limit at most Limits.pageMax; start with cursor 0
struct PageEnd { cursor @0 :UInt64; done @1 :Bool; op @2 :UInt64; }

# ---- capabilities ----

struct Limits {
  messageWords @0 :UInt32; segments @1 :UInt16; callsInFlight @2 :UInt32; submissionsPerCall @3 :UInt16; pageMax @4 :UInt16;
  claimMax @5 :UInt16; idleSeconds @6 :UInt32;
}
struct Identity {
  union {
    office @0 :UInt16;
    expert @1 :UInt32;
    supervisor @2 :UInt32;   # number of the supervisor
    operator @3 :UInt32;
    auditor @4 :UInt32;
  }
  districts @5 :Districts;   # of a supervisor or auditor: sees and steers these alone; 0 = the whole city
}

interface Gateway {
  hello @0 (protocolVersion :UInt16, client :Text) -> (protocolVersion :UInt16, server :Text, limits :Limits, now :Moment,
    rehearsal :Bool);
  session @1 (identity :Identity) -> SessionResult;
}

struct SessionResult { union { office @0 :OfficeSession; expert @1 :ExpertSession; supervisor @2 :SupervisorSession;
                               operator @3 :OperatorSession; auditor @4 :AuditorSession; refused @5 :Refusal; } }
struct CaseResult { union { case @0 :Case; refused @1 :Refusal; } }
struct JobResult { union { job @0 :Job; refused @1 :Refusal; } }
struct HistoryResult { union { events @0 :List(Event); refused @1 :Refusal; } }
struct WhyAnswer { job @0 :Job; decision @1 :Decision; hasDecision @2 :Bool; stuck @3 :StuckReason; }
struct WhyResult { union { answer @0 :WhyAnswer; refused @1 :Refusal; } }
struct LeasesResult { union { leases @0 :List(Lease); refused @1 :Refusal; } }
struct Snapshot { op @0 :UInt64; digest @1 :Digest; }
struct SnapshotResult { union { taken @0 :Snapshot; refused @1 :Refusal; } }
struct ZoningRulesResult { union { rules @0 :List(ZoningRule); refused @1 :Refusal; } }
struct ZoningChanges { changes @0 :List(ZoningChange); end @1 :PageEnd; }
struct ZoningChangesResult { union { page @0 :ZoningChanges; refused @1 :Refusal; } }
struct CalendarRun { firstDay @0 :Int32; days @1 :List(CalendarDay); note @2 :Text; }  # at most 18 days; at most 400 runs a call
struct CalendarPreview {
  op @0 :UInt64;
  daysChanged @1 :UInt32;                                  # in their hours
  deadlinesLater @2 :UInt64; deadlinesEarlier @3 :UInt64;  # of open jobs and awaited decisions
  notesChanged @4 :UInt32;                                 # of days that keep their hours
  moves @5 :List(DeadlineMove);                            # the furthest first, equal ones by case and job
}
struct DeadlineMove {                  # of an open job or, without one, of the decision that the case awaits
  job @0 :UInt64; caseId @1 :UInt64; before @2 :Moment; after @3 :Moment;
}
struct CalendarNote {                  # why a day is as it is
  day @0 :Int32; note @1 :Text;        # empty: the edit gave none
  at @2 :Moment; op @3 :UInt64; actorKind @4 :ActorKind; actor @5 :UInt32;  # of the edit
}
struct CalendarPreviewResult { union { preview @0 :CalendarPreview; refused @1 :Refusal; } }
struct AdvanceResult { union { now @0 :Moment; refused @1 :Refusal; } }

interface Subscription {}        # dropping it ends the subscription

interface Subscriber {
  # The one capability the server accepts. Called with a few events at a time, the next call only after the last returned.
  events @0 (events :List(Event), dropped :UInt64) -> ();  # dropped: how many were lost before these because you were slow;
  # to who does not see the whole city, of events that nobody took in time, only that there were some
  ended @1 (reason :Text) -> ();                           # the server is going away, or you were too slow for too long
}

interface SubmissionStream {
  # Bulk ingestion with flow control: send without waiting; the library holds you back. Answers are counted, refusals kept.
  # Of the counts, `accepted` are new cases and `repeated` those that their key had brought before.
  submit @0 (submissions :List(Submission)) -> stream;
  finish @1 () -> (accepted :UInt64, repeated :UInt64, refused :UInt64, refusals :List(StreamRefusal), lastOp :UInt64);
  struct StreamRefusal { key @0 :Key; refusal @1 :Refusal; }  # the first 100
}

interface Reader {
  # Reads within the session's scope. What lies outside it reads as unknown, and no count holds it: see
  # docs/RULES.md, "Who sees what".
  case @0 (caseId :UInt64) -> CaseResult;
  job @1 (job :UInt64) -> JobResult;
  history @2 (caseId :UInt64, from :UInt32, limit :UInt16) -> HistoryResult;
  why @3 (job :UInt64, language :SentenceLanguage) -> WhyResult;  # the language of its sentences
  jobs @4 (filter :JobFilter, page :Page) -> (jobs :List(Job), end :PageEnd);
  watch @5 (subscriber :Subscriber) -> (subscription :Subscription);
  offers @6 (request :OffersRequest) -> OffersResult;
  lottery @7 () -> (lottery :Lottery);
}

interface OfficeSession extends(Reader) {
  submit @0 (submissions :List(Submission)) -> (results :List(Result));  # in order, one per submission
  # A call of more than Limits.submissionsPerCall gets a single result for all of it: tooLarge.
  stream @1 () -> (stream :SubmissionStream);
  register @2 (key :Key, caseId :UInt64) -> (result :Result);
  amend @3 (key :Key, caseId :UInt64, areaM2 :UInt32, floors :UInt16, designer :UInt64, supervisingEngineer :UInt64, note :Text,
    zone :Text, coveragePermille :UInt16, streetWidthDm :UInt16) -> (result :Result);
  withdraw @4 (key :Key, caseId :UInt64, reason :Reason, note :Text) -> (result :Result);
  answer @5 (key :Key, caseId :UInt64) -> (result :Result);
  recordFees @6 (key :Key, caseId :UInt64, amountRial :UInt64, note :Text) -> (result :Result);
  schedule @7 (key :Key, job :UInt64, day :Int32, half :HalfDay) -> (result :Result);
  close @8 (key :Key, caseId :UInt64) -> (result :Result);
}

interface ExpertSession {
  claim @0 (key :Key, count :UInt16) -> LeasesResult;
  # Fewer leases than asked: the rest is given as work turns up, see worklist or watch. Keys of one call: low + 0 … count-1.
  unclaim @1 (key :Key) -> (result :Result);
  worklist @2 () -> (jobs :List(Job));
  start @3 (key :Key, job :UInt64, token :UInt64) -> (result :Result);
  renew @4 (key :Key, job :UInt64, token :UInt64) -> (result :Result);
  complete @5 (key :Key, job :UInt64, token :UInt64, note :Text) -> (result :Result);
  return @6 (key :Key, job :UInt64, token :UInt64, reason :Reason, note :Text) -> (result :Result);
  decline @7 (key :Key, job :UInt64, token :UInt64, reason :Reason, note :Text) -> (result :Result);
  watch @8 (subscriber :Subscriber) -> (subscription :Subscription);  # changes of the jobs you hold or are given
  case @9 (caseId :UInt64) -> CaseResult;  # of a job you hold
}

interface CityReader extends(Reader) {
  # Of the whole city, or of the session's districts. Figures that are the city's alone are then 0, and a page may be
  # short, even empty, before the last.
  stats @0 () -> (stats :Stats);
  openCells @1 (office :UInt16, page :Page) -> (cells :List(OpenCell), end :PageEnd);
  offices @2 (page :Page) -> (offices :List(Office), end :PageEnd);
  experts @3 (office :UInt16, page :Page) -> (experts :List(Expert), end :PageEnd);  # office 0 = all
  policy @4 () -> (policy :Policy);
  forecast @5 (request :ForecastRequest) -> ForecastResult;
  eligibility @6 (request :EligibilityRequest) -> EligibilityResult;
  fairness @7 () -> FairnessResult;
  zoning @8 () -> (versions :List(ZoningVersion), op :UInt64);  # oldest first; all that are kept
  zoningRules @9 (version :UInt16) -> ZoningRulesResult;        # sorted by zone
  zoningChanges @10 (version :UInt16, page :Page) -> ZoningChangesResult;
  # Open cases to which the version would say something else than the one that judges them. A page may be short, even
  # empty, before the last: so many cases are looked at.
  licensing @11 () -> (licensing :Licensing);
  licenceRules @12 () -> (versions :List(LicenceRules));  # all that are kept
  rounds @13 (page :Page) -> (rounds :List(Round), end :PageEnd);
  applications @14 (filter :ApplicationFilter, page :Page) -> (applications :List(Application), end :PageEnd);
  application @15 (application :UInt32) -> ApplicationResult;
  venues @16 (page :Page) -> (venues :List(Venue), end :PageEnd);
  calendar @17 (firstDay :Int32, count :UInt16) -> (days :List(CalendarDay), coveredFrom :Int32, coveredDays :UInt32,
    op :UInt64, notes :List(CalendarNote));
  # Hours of at most 400 days, and why they are so where that is remembered, by day. What is not covered is closed; a
  # city without any covered day is always open.
  previewCalendar @18 (runs :List(CalendarRun), movesMax :UInt16) -> CalendarPreviewResult;
  # What an edit would change, and of the deadlines that move the movesMax furthest, at most 100; nothing changes.
  newHomes @19 (office :UInt16) -> NewHomesResult;
  # Where its open cases would go, and the jobs that its experts would give back, were it to leave; nothing changes.
  # Rules are everybody's: catalogue and organisations are not cut to the session's districts, activations are.
  catalogue @20 (page :Page) -> (services :List(Service), end :PageEnd);  # every version that is kept, by service
  organisations @21 (page :Page) -> (organisations :List(Organisation), end :PageEnd);  # by number
  activations @22 (page :Page) -> (activations :List(Activation), end :PageEnd);  # that were ever given, by office
  awaitingDecisions @23 (page :Page) -> (cases :List(Case), end :PageEnd);
  # Cases that wait for the municipality, without their jobs, in no order; a page may hold none and not be the last.
  overrides @24 (expert :UInt32, since :Moment, page :Page) -> (overrides :List(Override), end :PageEnd);
  # Newest first, of the last 4,096 of the city; of one expert where it is not 0. The cursor is the op of the last one told.
}

interface SupervisorSession extends(CityReader) {
  hold @0 (key :Key, job :UInt64, reason :Reason, pausesClock :Bool, note :Text) -> (result :Result);
  release @1 (key :Key, job :UInt64, note :Text) -> (result :Result);
  expedite @2 (key :Key, caseId :UInt64, note :Text) -> (result :Result);
  reassign @3 (key :Key, job :UInt64, expert :UInt32, overrideCapacity :Bool, note :Text) -> (result :Result);
  cancel @4 (key :Key, job :UInt64, note :Text) -> (result :Result);
  setAbsence @5 (key :Key, expert :UInt32, from :Moment, until :Moment, reason :Reason, note :Text) -> (result :Result);
  setOfficeState @6 (key :Key, office :UInt16, state :OfficeState, reason :Reason, note :Text,
    until :Moment, from :Moment) -> (result :Result);
  setExpertState @7 (key :Key, expert :UInt32, state :ExpertState, reason :Reason, note :Text, until :Moment,
    from :Moment) -> (result :Result);
  # from: when a suspension begins by itself; 0: at once. until: when it ends by itself; 0: until another command.
  recordDecision @8 (key :Key, caseId :UInt64, approved :Bool, reason :Reason, note :Text) -> (result :Result);
  refer @9 (key :Key, caseId :UInt64, refer :Bool, note :Text) -> (result :Result);
  defineOffice @10 (key :Key, office :OfficeSpec, note :Text) -> (result :Result);
  defineExpert @11 (key :Key, expert :ExpertSpec, note :Text) -> (result :Result);
  setCertificate @12 (key :Key, expert :UInt32, skill :Skill, validFrom :Moment, validUntil :Moment, note :Text) -> (result :Result);
  # Granted to who is certified, suspended or expired; until not after from: revoked.
  defineService @13 (key :Key, service :Service, note :Text) -> (result :Result);
  activateService @14 (key :Key, office :UInt16, service :UInt8, from :Moment, until :Moment, note :Text) -> (result :Result);
  defineOrganisation @15 (key :Key, organisation :Organisation, note :Text) -> (result :Result);
  setCalendarDays @16 (key :Key, firstDay :Int32, days :List(CalendarDay), note :Text) -> (result :Result);
  # At most 18 days a call.
  setPolicy @17 (key :Key, policy :Policy, note :Text) -> (result :Result);
  withdraw @18 (key :Key, caseId :UInt64, reason :Reason, note :Text) -> (result :Result);
  planVisits @19 (request :VisitPlanRequest) -> VisitPlanResult;  # a preview: nothing changes
  applyPlan @20 (key :Key, op :UInt64, lines :List(PlanLine)) -> PlanAnswer;
  # At most Limits.submissionsPerCall lines. Keys of one call: low + 0, 1, … for every seven lines.
  lockPlan @21 (key :Key, job :UInt64, locks :UInt8, locked :Bool, note :Text) -> (result :Result);
  # Fixes (or frees) parts of a planned job: person 1, start 2, order 4, or a sum. Accepted.state: what is fixed now.
  planDesks @22 (request :DeskPlanRequest) -> DeskPlanResult;  # a preview: nothing changes
  standingPlan @23 () -> StandingPlanResult;  # the proposal that the daemon keeps ready
  loadZoning @24 (key :Key, version :UInt16, total :UInt16, rules :List(ZoningRule), note :Text)
    -> (result :Result);
  # A version in as many calls as it takes, at most 4 rules each; total: how many there will be.
  validateZoning @25 (key :Key, version :UInt16, note :Text) -> (result :Result);
  notifyZoning @26 (key :Key, version :UInt16, effectiveFrom :Moment, note :Text) -> (result :Result);
  dropZoning @27 (key :Key, version :UInt16, note :Text) -> (result :Result);  # one that judges no case
  rebase @28 (key :Key, caseId :UInt64, note :Text) -> (result :Result);  # judged by the version in force now
  # Licences of offices. `day` is the local date, days since 1970-01-01.
  setLicenceRules @29 (key :Key, rules :LicenceRules, note :Text) -> (result :Result);
  setOfficesWanted @30 (key :Key, count :UInt16, effectiveFrom :Moment, note :Text) -> (result :Result);
  openRound @31 (key :Key, places :UInt16, opens :Moment, closes :Moment, label :Text, note :Text) -> (result :Result);
  closeRound @32 (key :Key, round :UInt16, note :Text) -> (result :Result);
  applyForLicence @33 (key :Key, application :LicenceRequest, note :Text) -> (result :Result);
  recordLicenceCheck @34 (key :Key, application :UInt32, subject :LicenceSubject, check :LicenceCheck, passed :Bool,
    evidence :Text, note :Text, office :UInt16) -> (result :Result);
  # Of an application, or of the new technical manager of an office that was licensed before the rounds; the other is 0.
  # What is computed takes evidence alone, at any time: `passed` is the result that it has.
  withdrawApplication @35 (key :Key, application :UInt32, note :Text) -> (result :Result);
  recordExamResult @36 (key :Key, application :UInt32, score :UInt16, absent :Bool, evidence :Text, note :Text)
    -> (result :Result);
  recordBoardFinding @37 (key :Key, application :UInt32, competent :Bool, evidence :Text, note :Text) -> (result :Result);
  rankRound @38 (key :Key, round :UInt16, note :Text) -> (result :Result);
  defineVenue @39 (key :Key, venue :Venue, note :Text) -> (result :Result);
  recordRent @40 (key :Key, application :UInt32, amountRial :UInt64, from :Moment, until :Moment, reference :Text,
    note :Text) -> (result :Result);
  recordEquipment @41 (key :Key, application :UInt32, item :EquipmentItem, done :Bool, reference :Text, note :Text)
    -> (result :Result);
  equipOffice @42 (key :Key, application :UInt32, office :UInt16, point :Point, label :Text, note :Text)
    -> (result :Result);
  renewLicence @43 (key :Key, office :UInt16, day :Int32, licensee :LicencePerson, manager :LicencePerson, note :Text)
    -> (result :Result);
  setTechnicalManager @44 (key :Key, office :UInt16, change :ManagerChange, day :Int32, person :LicencePerson, note :Text)
    -> (result :Result);
  moveCase @45 (key :Key, caseId :UInt64, office :UInt16, reason :Reason, note :Text) -> (result :Result);
  # Another office answers for it. What is open moves along; what somebody holds stays in their hands.
}

# ---- licences of offices ----

struct LicencePerson {
  person @0 :UInt64; birthDay @1 :Int32;  # days since 1970-01-01
  nationality @2 :Nationality; degree @3 :Degree; field @4 :DegreeField;
  experienceYears @5 :UInt8;              # related to planning, 0–60
}
struct LicenceRequest {
  round @0 :UInt16; ownVenue @1 :UInt16;  # 0: asks for a municipal venue
  district @2 :UInt8; day @3 :Int32; licensee @4 :LicencePerson; manager @5 :LicencePerson;
}
struct PersonRules {
  ageMin @0 :UInt8; ageMax @1 :UInt8;     # 18–99 Jalali years completed, both inclusive
  degreeMin @2 :Degree; iranianOnly @3 :Bool;
  fields @4 :UInt16;                      # bit per DegreeField, at least one, and never that of none
  checks @5 :UInt16;                      # bit per LicenceCheck that needs evidence
}
struct LicenceRules {
  version @0 :UInt16; effectiveFrom @1 :Moment; validityDays @2 :UInt16;      # 1–36,500
  pointsMaster @3 :UInt16; pointsExperience @4 :UInt16; pointsVenue @5 :UInt16;  # 0–1000 each
  experienceYears @6 :UInt8;              # 1–60
  examMax @7 :UInt16; examPass @8 :UInt16;  # 1–10,000; 0–examMax
  waitlistMax @9 :UInt16;                 # 0: no bound
  licensee @10 :PersonRules; manager @11 :PersonRules;
  equipment @12 :List(EquipmentParty);    # by EquipmentItem; none: not asked for
  rounds @13 :UInt32; inForce @14 :Bool;  # read only
}
struct Round {
  round @0 :UInt16; state @1 :RoundState; places @2 :UInt16; opens @3 :Moment; closes @4 :Moment;
  applied @5 :UInt32; eligible @6 :UInt32; route @7 :SelectionRoute; routedAt @8 :Moment; rankedAt @9 :Moment;
  rulesVersion @10 :UInt16; label @11 :Text;
}
struct CheckState {
  subject @0 :LicenceSubject; check @1 :LicenceCheck; result @2 :CheckResult; at @3 :Moment; evidence @4 :Text;
  value @5 :UInt32;                       # age in years, or Degree, DegreeField, Nationality
  rulesVersion @6 :UInt16;
}
struct EquipmentState { item @0 :EquipmentItem; party @1 :EquipmentParty; done @2 :Bool; at @3 :Moment; reference @4 :Text; }
struct Application {
  application @0 :UInt32; round @1 :UInt16; state @2 :LicenceState; district @3 :UInt8; appliedAt @4 :Moment;
  licensee @5 :LicencePerson; manager @6 :LicencePerson; managerState @7 :ManagerState; rulesVersion @8 :UInt16;
  checks @9 :List(CheckState);            # that are required
  points @10 :UInt16; result @11 :ResultState; examScore @12 :UInt16; resultEvidence @13 :Text;
  rank @14 :UInt32;                       # in its round; 0: not ranked
  selectedAt @15 :Moment; ownVenue @16 :UInt16; venue @17 :UInt16;
  queueAhead @18 :UInt32; queued @19 :Bool;  # waits for a venue, so many before it
  rentRial @20 :UInt64; rentFrom @21 :Moment; rentUntil @22 :Moment; rentReference @23 :Text;
  equipment @24 :List(EquipmentState);    # that the rules ask for
  office @25 :UInt16; licenceUntil @26 :Moment;
  missing @27 :UInt32;                    # bits: office 1, manager 2, venue 4, rent 8, equipment 256 << item
  missingText @28 :Text;                  # the same in words; empty where nothing leads to an office
}
struct ApplicationFilter { states @0 :UInt32; round @1 :UInt16; district @2 :UInt8; }  # states: bit per LicenceState; 0: all
struct ApplicationResult { union { application @0 :Application; refused @1 :Refusal; } }
struct Venue {
  venue @0 :UInt16; district @1 :UInt8; kind @2 :VenueKind; inService @3 :Bool = true; owner @4 :UInt64;
  office @5 :UInt16;                      # licensed before the rounds, that sits there; 0: nobody
  point @6 :Point; label @7 :Text;
  application @8 :UInt32;                 # that holds it; read only
}
struct OfficesWanted { count @0 :UInt32; effectiveFrom @1 :Moment; op @2 :UInt64; }
struct Licensing {
  wanted @0 :UInt32;                      # offices, now
  taken @1 :UInt32;                       # of them: licensed, selected, or offered by a round under way
  applications @2 :UInt32; rounds @3 :UInt32;
  venuesMunicipal @4 :UInt32; venuesFree @5 :UInt32; venueQueue @6 :UInt32;
  history @7 :List(OfficesWanted);        # oldest first
}

# ---- plans ----

struct VisitPlanRequest {
  day @0 :Int32;                       # local date, days since 1970-01-01
  milliseconds @1 :UInt32 = 2000;      # 0–60,000 of processor time, at most twice that on the wall; 0: iterations alone count
  iterations @2 :UInt64;               # 0–10,000,000; 0: time alone counts. With iterations alone a plan can be repeated
  seed @3 :UInt64 = 1;
  # Where these are not given, 4294967295, the daemon's own settings count.
  balancePermille @4 :UInt32 = 4294967295;  # 0–100,000: what evenness between people is worth against travel
  moveMinutes @5 :UInt32 = 4294967295;      # 0–10,000: travel that must be saved to move a visit to somebody else
  roadPercent @6 :UInt32 = 4294967295;      # 100–1,000: streets against the straight line
  speedKmh @7 :UInt32 = 4294967295;         # 1–200
  assumption @8 :Assumption;
  mend @9 :Bool;                       # move only what lost its inspector, and what lies near it
}
struct Assumption {                    # what a preview takes as already so
  union {
    nothing @0 :Void;
    absent :group { expert @1 :UInt32; from @2 :Moment; until @3 :Moment; }
    suspended @4 :UInt16;              # an office
    closed @5 :Int32;                  # a local date, days since 1970-01-01
  }
  suspendedFrom @6 :Moment;            # of an office that is suspended ahead; 0: at once
  suspendedUntil @7 :Moment;           # when it is Active again; 0: until another command
}
enum PlanChange { new @0; kept @1; moved @2; }
enum Unplanned { noWindow @0; nobodyQualified @1; allExcluded @2; nobodyOnShift @3; allFull @4; noTime @5; notWorthIt @6;
                 noHalfDay @7; }   # its day has gone, and the half-days of the day of the plan take no more
struct PlannedVisit {
  job @0 :UInt64; caseId @1 :UInt64; expert @2 :UInt32;
  before @3 :UInt32;                   # who had it; 0: nobody
  second @4 :UInt32;                   # who would have cost least among the others; 0: nobody else could
  start @5 :Moment; extraTravelSeconds @6 :Int32; secondTravelSeconds @7 :Int32;
  sequence @8 :UInt16; attempts @9 :UInt8; state @10 :JobState; district @11 :UInt8; change @12 :PlanChange;
  displaced @13 :Bool;                 # who had it cannot make it (any more)
  movesAppointment @14 :Bool;          # its promised half-day is gone: the applicant must be told
  startBefore @15 :Moment;             # as it was planned or promised; 0: neither
  deadline @16 :Moment;
  locks @17 :UInt8;                    # what a supervisor has fixed: person 1, start 2, order 4
}
struct UnplannedVisit {
  job @0 :UInt64; caseId @1 :UInt64; district @2 :UInt8; cause @3 :Unplanned;
  qualified @4 :UInt32; notExcluded @5 :UInt32; onShift @6 :UInt32; withRoom @7 :UInt32;  # people left after each question
  before @8 :UInt32;                   # who had it; 0: nobody
}
struct VisitPlan {
  op @0 :UInt64;                       # of the snapshot; applyPlan is told it
  day @1 :Int32;
  visits @2 :List(PlannedVisit);       # by expert, then sequence
  unplanned @3 :List(UnplannedVisit);
  inspectors @4 :UInt32;               # on shift that day
  idle @5 :UInt32;                     # of them, without a visit
  moved @6 :UInt32;
  travelSeconds @7 :UInt64;            # of all routes, from home and back
  jainPermille @8 :UInt32;             # 1000: everybody is loaded alike, against their capacity
  iterations @9 :UInt64; milliseconds @10 :UInt32;
  leftOut @11 :UInt32;                 # visits beyond what one plan can hold
  windowJainPermille @12 :UInt32;      # the same over the window of fairness, this day included
}
struct VisitPlanResult { union { plan @0 :VisitPlan; refused @1 :Refusal; } }

struct DeskPlanRequest {
  milliseconds @0 :UInt32 = 1000;      # 0–60,000; 0: iterations alone count
  iterations @1 :UInt64;               # 0–10,000,000; 0: time alone counts
  seed @2 :UInt64 = 1;
  assumption @3 :Assumption;
}
enum DeskReason { unserved @0; started @1; kept @2; onlyOne @3; earlier @4; lighterLoad @5; trade @6; }
enum DeskMoveCause { new @0; obstacle @1; deadline @2; balance @3; }
enum DeskObstacle { none @0; skill @1; inactive @2; district @3; excluded @4; noCapacity @5; }
struct PlannedDesk {                   # a job at a desk: anything that is not a visit
  job @0 :UInt64; caseId @1 :UInt64; expert @2 :UInt32;
  before @3 :UInt32;                   # who had it; 0: nobody
  second @4 :UInt32;                   # who would have cost least among the others; 0: nobody else could
  start @5 :Moment; finish @6 :Moment; deadline @7 :Moment;
  lateBefore @8 :UInt32; lateAfter @9 :UInt32;  # working minutes behind the deadline, had all stayed and as planned
  effortMinutes @10 :UInt16; sequence @11 :UInt16; attempts @12 :UInt8; state @13 :JobState; stage @14 :Stage;
  kind @15 :JobKind; district @16 :UInt8; change @17 :PlanChange; reason @18 :DeskReason; cause @19 :DeskMoveCause;
  obstacle @20 :DeskObstacle;          # with cause obstacle: why who had it may not keep it
  locks @21 :UInt8;
}
struct UnplannedDesk { job @0 :UInt64; caseId @1 :UInt64; stage @2 :Stage; district @3 :UInt8; before @4 :UInt32; obstacle @5 :DeskObstacle; }
struct DeskPlan {
  op @0 :UInt64;                       # of the snapshot; applyPlan is told it
  day @1 :Int32;                       # the working day that jobs are reserved for
  jobs @2 :List(PlannedDesk);          # of that day, by expert, then sequence
  unplanned @3 :List(UnplannedDesk);
  later @4 :UInt32;                    # planned for days behind it: not reserved yet
  people @5 :UInt32; moved @6 :UInt32; jobsLate @7 :UInt32; lateMinutes @8 :UInt64;
  peakPermille @9 :UInt32; meanPermille @10 :UInt32;  # load over capacity, window of fairness and calendar ahead
  iterations @11 :UInt64; milliseconds @12 :UInt32;
  leftOut @13 :UInt32;                 # jobs beyond what one plan can hold
}
struct DeskPlanResult { union { plan @0 :DeskPlan; refused @1 :Refusal; } }

enum PlanCauseKind { submitted @0; done @1; cameBack @2; absence @3; certificate @4; expert @5; office @6; calendar @7;
  rules @8; steered @9; planEnded @10; newDay @11; }
struct PlanCause {
  kind @0 :PlanCauseKind;
  count @1 :UInt64;                    # so many since the plan before
  op @2 :UInt64; at @3 :Moment;        # of the newest
  expert @4 :UInt32; office @5 :UInt16; job @6 :UInt64;  # of the newest, 0 where it names none
}
struct StandingPlan {
  op @0 :UInt64; now @1 :Moment;       # state and clock of the city when it was made
  ageSeconds @2 :UInt32;               # on the wall
  causes @3 :List(PlanCause);          # why it was made anew
  since @4 :List(PlanCause);           # what has happened since: the next plan is due
  days @5 :List(VisitPlan);            # today's or the next working day's visits, and so on
  desks @6 :DeskPlan;
  appliedLines @7 :UInt64;             # of this plan, by the daemon itself
}
struct StandingPlanResult { union { plan @0 :StandingPlan; none @1 :Void; refused @2 :Refusal; } }  # none: not made yet

struct PlanLine {
  job @0 :UInt64;
  expert @1 :UInt32;                   # 0: takes back what a plan reserved
  start @2 :Moment;                    # whole minutes count
  sequence @3 :UInt16; attempts @4 :UInt8; state @5 :JobState;  # as the plan knew the job
  reason @6 :Reason; movesAppointment @7 :Bool;
}
enum PlanLineResult { none @0; applied @1; unknownJob @2; unknownExpert @3; outOfRange @4; begun @5; notMovable @6; changed @7;
  halfDay @8; reasonMissing @9; halfDayFull @10; planFull @11; nothingToDo @12; notEligible @13;
  locked @14; }
struct PlanLineAnswer { result @0 :PlanLineResult; filter @1 :Filter; }  # filter: with notEligible
struct PlanAnswer { union { lines @0 :List(PlanLineAnswer); refused @1 :Refusal; } }

# ---- questions: answered beside the engine from a copy of the state at `op`; nothing changes ----

struct OffersRequest {
  job @0 :UInt64;                      # an inspection; 0: the present job of the case
  caseId @1 :UInt64;
  days @2 :UInt16 = 5;                 # working days, 1–15, the one that is under way or comes next included
  roadPercent @3 :UInt32 = 135;        # as in VisitPlanRequest
  speedKmh @4 :UInt32 = 25;
}
enum OfferCause { free @0; begun @1; beyondHorizon @2; promised @3; halfDayFull @4; noWindow @5; nobodyQualified @6;
  allExcluded @7; nobodyOnShift @8; allFull @9; noTime @10; }
struct Offer {
  day @0 :Int32; half @1 :HalfDay; begin @2 :Moment; end @3 :Moment;
  cause @4 :OfferCause;                # free: it can be offered; promised: it is the present appointment
  # For those who see the whole city; zero for others.
  extraTravelSeconds @5 :Int32;        # of the cheapest way to fit it in; with free
  qualified @6 :UInt32; notExcluded @7 :UInt32; onShift @8 :UInt32; withRoom @9 :UInt32;  # people left after each question
}
struct Offers { op @0 :UInt64; now @1 :Moment; job @2 :UInt64; caseId @3 :UInt64; appointment @4 :Moment; offers @5 :List(Offer); }
struct OffersResult { union { offers @0 :Offers; refused @1 :Refusal; } }

struct ForecastChange {                # what if
  union {
    addPeople @0 :AddPeople;
    closeOffice @1 :UInt16;            # its people are away for all of the days
    closeDay @2 :Int32;                # local date
    scaleArrivals @3 :UInt32;          # thousandths of what arrives, at most 10,000
  }
  struct AddPeople { count @0 :UInt16 = 1; skills @1 :UInt32; districts @2 :Districts; }  # skills: bit per Skill; at most 10,000
}
struct ForecastRequest {
  days @0 :UInt16 = 10;                # working days ahead, 1–60
  runs @1 :UInt16 = 50;                # plays with different luck, 1–200
  seed @2 :UInt64 = 1;                 # the same seed and op give the same forecast
  caseId @3 :UInt64;                   # when this one will be done; 0: none in particular
  whatIf @4 :List(ForecastChange);     # at most 16, all of them together
  usePermille @5 :UInt16 = 850;        # 1–1,000: how much of the certified capacity is worked
  spreadPermille @6 :UInt16 = 300;     # 0–900: how far efforts lie around their estimates
  answerMinutes @7 :UInt32 = 2100;     # 0–100,000 of working time until an applicant, an agency or who holds a job answers
}
struct Spread { p10 @0 :UInt32; p50 @1 :UInt32; p90 @2 :UInt32; }
struct ForecastDay { capacityMinutes @0 :UInt32; workMinutes @1 :Spread; casesDone @2 :Spread; }
struct Backlog { jobs @0 :Spread; minutes @1 :Spread; }  # ready and not begun at the end of the day, with their effort
struct ForecastCell { stage @0 :Stage; district @1 :UInt8; days @2 :List(Backlog); }
struct ForecastPlay {
  days @0 :List(ForecastDay);
  stages @1 :List(ForecastCell);       # by stage, all districts together; cells: by stage and district, where anything waits
  cells @2 :List(ForecastCell);
  doneP50 @3 :UInt16;                  # of the case asked for: the working day it is done, 1 the first; 0: not within the days
  doneP90 @4 :UInt16;
}
struct Forecast {                      # an estimate
  op @0 :UInt64; now @1 :Moment; seed @2 :UInt64; runs @3 :UInt16;
  days @4 :List(Int32);                # dates of the working days ahead
  openCases @5 :UInt32; people @6 :UInt32; arrivalsPerDay @7 :Float64;
  caseId @8 :UInt64; paused @9 :Bool;  # the case waits for an answer, which is taken to come within answerMinutes
  plain @10 :ForecastPlay;
  changed @11 :ForecastPlay;           # with whatIf; null without
  leftOut @12 :UInt32;                 # cases and people beyond what one forecast can hold
  finishedJobs @13 :UInt32;            # jobs of the last four weeks that the spread of efforts was learned from
}
struct ForecastResult { union { forecast @0 :Forecast; refused @1 :Refusal; } }

struct EligibilityRequest {
  day @0 :Int32;                       # local date
  days @1 :UInt16 = 1;                 # 1–31
  skills @2 :UInt32;                   # bit per Skill; 0: all
  districts @3 :Districts;             # 0: all that the city has
  service @4 :UInt8;                   # only offices that this service is active at; 0: any service
}
struct EligibilityRow {
  day @0 :Int32; skill @1 :Skill; district @2 :UInt8;
  able @3 :UInt32;                     # people who could take such a job that day
  freeMinutes @4 :UInt32;              # what they have left of their capacity
  removed @5 :List(UInt32);            # people by Filter: the first that keeps each of the others
}
struct Eligibility { op @0 :UInt64; now @1 :Moment; people @2 :UInt32; rows @3 :List(EligibilityRow); leftOut @4 :UInt32; }
struct EligibilityResult { union { eligibility @0 :Eligibility; refused @1 :Refusal; } }

struct OfficeShare {
  office @0 :UInt16; district @1 :UInt8; state @2 :OfficeState; label @3 :Text; experts @4 :UInt32;
  capacityUnits @5 :UInt32;            # a day, of its certified experts
  workMinutes @6 :UInt64;              # effort they finished in the window; rework earns nothing
  capacityPpm @7 :UInt32; workPpm @8 :UInt32;  # shares of the city's
}
struct Fairness {
  op @0 :UInt64; now @1 :Moment; windowDays @2 :UInt16;
  offices @3 :List(OfficeShare);       # those with capacity or work
  jainOfficesPpm @4 :UInt32; jainExpertsPpm @5 :UInt32;  # 1,000,000: work lies as capacity does
  giniOfficesPpm @6 :UInt32;           # 0: likewise
  experts @7 :UInt32;                  # certified, at active offices
  workMinutes @8 :UInt64; capacityUnits @9 :UInt32; capacityOverrides @10 :UInt64; municipalFirstViolations @11 :UInt64;
}
struct FairnessResult { union { fairness @0 :Fairness; refused @1 :Refusal; } }

enum HomeReason { none @0; district @1; city @2; }  # no office can take it; one of the parcel's district; there is none there
struct NewHome {
  caseId @0 :UInt64; job @1 :UInt64;   # the job that must be done next, 0: none
  service @2 :UInt8; stage @3 :Stage; state @4 :CaseState; district @5 :UInt8;
  appointment @6 :Moment;              # a citizen was told; 9223372036854775807: none
  office @7 :UInt16;                   # 0: none
  reason @8 :HomeReason;
}
struct HeldBack {                      # a job that comes back at once when its holder's office leaves
  job @0 :UInt64; caseId @1 :UInt64; holder @2 :UInt32; state @3 :JobState; stage @4 :Stage; district @5 :UInt8;
  office @6 :UInt16;                   # of the case
}
struct NewHomes {
  op @0 :UInt64; homes @1 :List(NewHome);
  leftOut @2 :UInt32;                  # cases beyond what one answer holds
  held @3 :List(HeldBack);             # by its experts, whatever office answers for the case
  heldLeftOut @4 :UInt32;              # jobs beyond what one answer holds
}
struct NewHomesResult { union { homes @0 :NewHomes; refused @1 :Refusal; } }

struct Lottery {                       # the secrets that chance comes from, see docs/AUDIT.md
  turns @0 :UInt64;
  day @1 :Int32; commitment @2 :Data;  # SHA-256 of the secret that serves the working day; empty: none yet
  openedDay @3 :Int32; openedCommitment @4 :Data;  # the one before
  opened @5 :Data;                     # its secret; empty: it was lost, or there was none
}

struct Health {
  op @0 :UInt64; opDurable @1 :UInt64; snapshotOp @2 :UInt64; now @3 :Moment; uptimeSeconds @4 :UInt64;
  draining @5 :Bool; full @6 :Bool; io @7 :Text; journalRoom @8 :UInt64; journalSize @9 :UInt64;
  batches @10 :UInt64; commands @11 :UInt64; refused @12 :UInt64; queries @13 :UInt64; pending @14 :UInt32;
  connections @15 :UInt32; sessions @16 :UInt32; callsInFlight @17 :UInt32; callsTotal @18 :UInt64; busyTotal @19 :UInt64;
  drops @20 :List(DropCount); residentBytes @21 :UInt64; allocatedBytes @22 :UInt64; systemCalls @23 :UInt64;
  struct DropCount { reason @0 :Text; count @1 :UInt64; }  # connections dropped, by reason
}

struct Digest { high @0 :UInt64; low @1 :UInt64; }

interface OperatorSession {
  health @0 () -> (health :Health);
  snapshot @1 () -> SnapshotResult;
  digest @2 () -> (op :UInt64, digest :Digest);
  drain @3 () -> ();
  advance @4 (to :Moment) -> AdvanceResult;  # rehearsal clock only
}

interface AuditorSession extends(CityReader) {}
