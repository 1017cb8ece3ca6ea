"""The words by which clients ask for work, report faults, wish for a start and name prices."""

from models.text.patterns import any_of, pattern, whole

VERBS = (
    "add|build|create|make|move|rename|fix|include|extend|provide|deliver|prepare|set up|migrate|train|drop|"
    "remove|replace|change|update|implement|integrate|connect|automate|configure|translate|convert|write|"
    "design|"
    "develop|support|cover|adjust|switch|expand|roll out|run|test|finish|complete|document|produce|draft|"
    "swap|"
    "split|merge|hide|show|sort|correct|repair|upgrade|review|host|organise|organize|arrange|import|export|"
    "load|"
    "publish|plan"
)

_WHO = r"(?:we|i|they|people|team|board|management|users?|department|\w+s)"
_WISH = "need|want|require|like|expect|wish|ask|request|prefer|hope"
ASKS = any_of(
    r"(?:could|can|would|will) (?:you|somebody|someone|anybody|anyone|your|we|the team|one of)",
    "please",
    rf"{_WHO}(?:'d|’d| would| also| really| now| do|'ll|\s+\w+ly)* (?:{_WISH})"
    r"(?! (?:to (?:hear|thank|see you|discuss|talk|meet)|what))",
    "(?:would|'d|’d) (?:really )?love",
    "wants|needs|requires|asks? for|asked for|asking for|requested|demands|insists? on|calls? for",
    "(?:could|can|should|must|may) (?:that|this|it|they|these) (?:be|also)",
    "(?:would|'d|’d) (?:be (?:glad|grateful|happy|delighted)|appreciate|welcome)",
    "is there (?:anything|something|a way|any way)|hard to (?:read|use|find|see|follow)",
    "(?:is|would) it (?:be )?possible",
    "make sure|ensure",
    "it would be (?:great|good|nice|helpful|useful)",
    "(?:how|what) about|any chance",
    "(?:are|am) (?:looking for|after)|on our wish ?list",
    "(?:has|have) to(?! (?:say|admit|discuss|talk|thank|leave|run off))|must(?! say| admit)",
    "should (?:also )?(?:be|have|get|do|show|include|cover|run|work|support|look)",
    "(?:is|are) (?:still )?missing",
    "no longer (?:need|want|require)|do(?:n't|n’t| not) need",
)
ORDERS = pattern(rf"^\W*(?:(?:also|then|and|next|please),? )*(?:{VERBS})\b")  # in the imperative

QUESTION = pattern(  # whether something can be had, or will come
    r"^\W*(?:(?:hi|hello|dear|and|so|also|the question|\w+(?=,)),?:? )*"
    r"(?:could|can|would|will|is|are|does|do|when|who|how (?:soon|far))\s+(?!(?:this|that|it|you have)\b)"
    r"[^?]{12,}\?\s*$"
)

NOT_ASKED = any_of(
    "let (?:me|us) know|get back to|give (?:me|us) a (?:call|ring)",
    "please (?:confirm|advise|reply|respond|note|call|see|find|accept|bear with)",
    "look(?:ing)? forward|thank(?:s| you)|hope (?:you|this|that|all)",
    "(?:can|could) we (?:meet|talk|speak|discuss)|happy to (?:discuss|talk)|have a (?:nice|good)",
    "send (?:me|us) (?:a |an |your |the )?(?:quote|estimate|offer|price|proposal)",
    "would like to (?:thank|say|discuss)|what do you think|does that work",
    "is (?:this|it|that|any of (?:this|it)) (?:covered|in scope)",
    "forward this|(?:any|if you have) questions",
)

FAULT = any_of(
    r"(?:still|again|keeps?|always) (?:\w+ )?(?:lets?|letting|shows?|fails?|failing|breaks?|drops?|crash\w*|"
    r"wrong|"
    r"missing|los\w+|miss\w*|reject\w*|double\w*|slow|times? out)",
    r"(?<!that )(?<!which )(?:do|does|did|is|are|was)(?: not|n't|n’t) (?:\w+ )?(?:work|load|match|correct|"
    r"right|updat|"
    r"arriv|show|reconcil|run|add up|tie|complete|finish)\w*",
    r"broken|bugs?|defects?|errors?|crash\w*|incorrect\w*|fail(?:s|ed|ing|ure)?",
    r"(?:is|are|was|were|looks?|comes? out) (?:\w+ )?(?:wrong|late|off|stale|out of date|missing)",
    "do(?:es)? not (?:catch|pick up|cover)",
    r"(?:cannot|can't|can’t|unable to) (?:see|open|log|save|find|print|load|access|enter|send|read|use|book|"
    r"select)",
    r"(?:is|are|gets?|get|goes|go) (?:lost|cut off|duplicated|empty|blank|gone|stuck|overwritten|ignored)",
    r"shows? (?:\w+ ){1,4}as|stopped working|no longer works?|overdue|takes? (?:too long|forever|ages|"
    r"minutes)",
    r"wrong(?:ly)?|complain\w*|(?:drops?|loses?|forgets?|skips?|misses|ignores?) (?:the |some |all |every |"
    r"orders?|rows?)",
    "as agreed|what we agreed|as (?:promised|planned|described|per the)",
)
REPAIRS = any_of(
    "fix|repair|correct|debug|resolve|finish|complete|make sure|ensure|sort out|as agreed|as planned|as "
    "promised"
)
DELIVERS = any_of(
    r"finish\w*|complet\w+|schedul\w+|deliver\w*|runs?|ready|remember|remind\w*|holds?|held|go(?:es)? live",
    "on time|on track|make sure|ensure|due|as planned|as agreed|still on|plan(?:ned)?|when will|results?",
)
ALTERS = any_of(
    "add|adding|also|extra|additional|another|more|further|rename|change|changing|replace|instead|swap|"
    "switch",
    r"move|extend\w*|expand\w*|beyond|on top|as well|tweak|adjust|amend|hide|reorder|split|merge|translate",
    r"different|new|second|sixth|bigger|larger|longer|twice|double|besides|next to|alongside|colou?rs?|logo|"
    r"wording|relabel|"
    r"re-?sort",
)
REMOVES = any_of(
    r"drop|remove|leave out|take out|(?:take|leave) (?:it|that|this|them) out|ourselves|cancel|stop|skip|"
    r"no longer (?:need|want|require)\w*|do(?:n't|n’t|"
    r" not) need",
    "without the|de-?scope",
)

REFERS = pattern(  # back to the sentence before
    r"^\W*(?:(?:and|but|so|ideally|preferably|of course|again),? )*"
    r"(?:it|that|this|they|these|those|there|he|she|the (?:first|latter|former)|ready|ideally|"
    r"you (?:told|said|mentioned|estimated)|your (?:estimate|colleague)|(?:we|i) (?:think|reckon|estimate|"
    r"guess|assume|"
    r"would (?:guess|say)))\b|"
    r"^\W*(?:(?:please|could you|can you|would you) )+(?:also )?\w+ (?:it|that|them|this|these|"
    r"those)\b(?!['’]?s\b)|"
    r"\b(?:of|for|with|see|have|get|need|want) (?:it|these|those)\b|\b(?:them|both)\b|"
    r"^\W*(?:we|i) (?:need|want|would like) (?:the |an |any )?(?:results?|answers?|reply|everything)\b|"
    r"^\W*(?:and |so )?(?:when|how soon|how) (?:will|can|could|are|is) (?:it|that|this|they|these)\b|"
    r"^\W*(?:please )?\w+(?: (?:soon|quickly|asap))?\W*$|"
    r"\b(?:have a look|look into|take a look|investigate|see to it)\b"
)
SECOND_WISH = pattern(
    r"^\W*(?:also\b|in addition\b|another (?:thing|point|request|wish)|one more (?:thing|request|wish)|"
    r"besides\b|"
    r"furthermore\b|moreover\b|separately\b|while you(?:'re| are) at it|on top of that|finally\b|lastly\b|"
    r"next\b|"
    r"and could|then there)"
)
LIST_MARK = pattern(
    r"\s*(?:(?:[-*•·–▪]|\(?[0-9]{1,2}[.)]|\(?[a-h]\))\s+|(?:first(?:ly)?|second(?:ly)?|third(?:ly)?|"
    r"fourth(?:ly)?|"
    r"fifth(?:ly)?|finally|lastly|one|two|three|four)(?:,|:|\s-)\s+(?:and [^,]{3,50},\s+)?)"
)

_LATER = (
    "(?:later|after(?:wards)?|follow|can wait|catch up|next (?:week|month)|once|in due course|in parallel)"
)
_PAPER = (
    "(?:paper ?work|formalit(?:y|ies)|change orders?|variation(?: (?:form|note))?|amendment|signatures?|"
    r"contract(?:ual)? (?:side|change|part|stuff)|purchase order|p\.?o\.?|legal (?:side|stuff)|commercials|"
    "red tape|sign-?off)"
)
_CONSENT = (
    "(?:go-?ahead|approval|order|instruction|green light|authori[sz]ation|sign-?off|confirmation|commission)"
)
WITHOUT_PAPER = any_of(
    "(?:take|treat|consider|regard|accept|see|use) (?:this|the|my)(?: e-?mail| mail| message| note| letter)? "
    rf"(?:as |to be )?(?:\w+ ){{0,3}}{_CONSENT}",
    rf"(?:this|my) (?:e-?mail|mail|message) (?:is|should be|counts as) (?:\w+ ){{0,3}}(?:{_CONSENT}|enough)",
    rf"{_PAPER}\b[^.!?]{{0,40}}\b{_LATER}",
    rf"{_LATER}\b[^.!?]{{0,30}}\b{_PAPER}",
    rf"(?:no need for|don't need|do not need|skip|without|no|forget(?: about)?|spare us|never mind|ahead of|"
    rf"before) "
    rf"(?:\w+ ){{0,2}}{_PAPER}",
    rf"(?:we|i)(?:'ll|’ll| will| can) (?:sign|do|handle|sort|settle)\b[^.!?]{{0,40}}\b{_LATER}",
)
START = pattern(
    whole(
        "start|begin|kick[- ]?off|get (?:going|started)|go ahead|crack on|commence|mobili[sz]e|proceed|"
        "be on board|hit the ground"
    )
    + r"(?! (?:of|menu|page|screen|button|time))"
)
_NO_WORK = (
    r"it|this|that|them|these|those|all|everything|(?:the )?work|(?:mon|tues|wednes|thurs|fri|satur|sun)day|"
    r"the \d\w*|\d\w*|next|january|february|march|april|may|june|july|august|september|october|november|"
    r"december"
)
START_OF_WORK = pattern(  # names what is to be started
    r"\b(?:start|begin|proceed|crack on|get going|get started|kick[- ]?off)(?:ing)?\s+(?:work(?:ing)? )?"
    rf"(?:on|with|building|designing|the|to)\s+(?!(?:{_NO_WORK})\b)\w+"
)
WORK_BEFORE_START = pattern(rf"\b(?:{VERBS})\b|\b(?:wants?|needs?|like|require)\b(?!(?:.{{0,60}}\s)?to\s*$)")
SOON = any_of(
    "immediately|right away|straight ?away|at once|asap|as soon as possible|tomorrow|today|now|this week|"
    "without delay"
)
WEEKEND = any_of("weekends?|saturdays?|sundays?|bank holidays?|public holidays?|christmas day|easter monday")
FREE = any_of(
    "free of charge|for free|at no (?:extra |additional |further )?(?:cost|charge)|no (?:extra|"
    "additional) (?:cost|charge)",
    "without (?:extra |additional )?(?:cost|charge)|on the house|as (?:a )?goodwill|as a gesture of good "
    "?will",
    "included in (?:the|your) (?:price|fee|budget)|not (?:expect|want|going) to (?:be charged|pay)|won't "
    "pay extra",
    "within the (?:existing|current|agreed) budget",
)
