"""Model files in the dialects of PSpice and LTspice, written for the tests; each has a closed form."""

from __future__ import annotations

PSPICE_OP_AMP = """* An op-amp of one pole with a slew rate, in PSpice's language.
.PARAM RIN_ALL = 10MEG
.FUNC CLIP(X, A) {LIMIT(X, -A, A)}
.SUBCKT OPA9 IN+ IN- V+ V- OUT PARAMS: GBW=1Meg SR={2*0.5Meg}, A0=1e5
RIN IN+ IN- {RIN_ALL}
.PARAM C1={1u} GM={2*3.14159265358979*GBW*C1}
+ IMAX={SR*C1}
* a comment between a line and what continues it
G1 0 MID VALUE = {CLIP(GM*V(IN+,IN-),
+ IMAX)} ; the slew rate
C1 MID 0 {C1}
R1 MID 0 {A0/GM}
E1 O1 0 TABLE {V(MID)} = (-12,-12) (12,12)
ROUT O1 OUT 75
RP V+ 0 1Meg
RN V- 0 1Meg
.ENDS OPA9
"""

PSPICE_COMPARATOR = """* A comparator: a pole delays the decision, switches drive the output.
.subckt CMP7 INP INN VCC GND OUT params: TD=1u
E1 D 0 VALUE {IF(V(INP,INN) > 0, 1, 0)}
R1 D M 1k
C1 M 0 {TD/(1k*LOG(2))}
S1 VCC OUT M 0 SHIGH
S2 OUT GND M 0 SLOW
.model SHIGH VSWITCH(RON=10 ROFF=1G VON=0.51 VOFF=0.49)
.model SLOW VSWITCH(RON=10 ROFF=1G VON=0.49 VOFF=0.51)
RB VCC GND 1MEG
.ends
"""

LTSPICE_OP_AMP = """* An op-amp of one pole with soft rails, in LTspice's language.
.subckt LTOPA 1 2 3 4 5
* Pin order: in+ in- v+ v- out
B1 0 MID I=dnlim(uplim({gm}*V(1,2), {imax}, {imax/100}), {-imax}, {imax/100}) tripdv=1 tripdt=1n
C1 MID 0 1\u00b5 Rpar={100k/gm/1Meg*1Meg} noiseless
E1 O1 0 VALUE={V(MID)}
R2 O1 5 75 noiseless
R3 3 4 1meg noiseless
.param gm={2*pi*1Meg*1\u00b5} imax=1
.ends LTOPA
.backanno
"""

LTSPICE_COMPARATOR = """* A comparator with hysteresis, a delay line and an RC output.
.subckt LTCMP inp inn vcc vee out
S1 high d inp inn SWC
V1 high 0 1 Rser=0
R1 d 0 10k
L1 d m 1n Rser=1k
C1 m 0 1n
B1 out 0 V=if(V(m)>0.5, V(vcc), V(vee))
R2 vcc vee 4Meg7
.model SWC SW(Ron=1 Roff=1G Vt=10m Vh=20m)
.ends
"""

# The classic macromodel of an operational amplifier with a bipolar input stage.
BOYLE_OP_AMP = """
.subckt boyle 1 2 3 4 5
c1 11 12 8.661e-12
c2 6 7 30.00e-12
dc 5 53 dx
de 54 5 dx
dlp 90 91 dx
dln 92 90 dx
dp 4 3 dx
egnd 99 0 poly(2) (3,0) (4,0) 0 .5 .5
fb 7 99 poly(5) vb vc ve vlp vln 0 10.61e6 -10e6 10e6 10e6 -10e6
ga 6 0 11 12 188.5e-6
gcm 0 6 10 99 5.961e-9
iee 10 4 dc 15.16e-6
hlim 90 0 vlim 1k
q1 11 2 13 qx
q2 12 1 14 qx
r2 6 9 100.0e3
rc1 3 11 5.305e3
rc2 3 12 5.305e3
re1 13 10 1.836e3
re2 14 10 1.836e3
ree 10 99 13.19e6
ro1 8 5 50
ro2 7 99 100
rp 3 4 18.16e3
vb 9 0 dc 0
vc 3 53 dc 1
ve 54 4 dc 1
vlim 7 8 dc 0
vlp 91 0 dc 40
vln 0 92 dc 40
.model dx D(Is=800.0E-18 Rs=1)
.model qx NPN(Is=800.0E-18 Bf=93.75)
.ends
"""
