"""Coefficients of RODASP, a linearly implicit Runge-Kutta method of order 4 with an embedded one of order 3.

G. Steinebach, Order-reduction of ROW-methods for DAEs and method of lines applications, Preprint 1741, TH
Darmstadt, 1995; a member of the RODAS family of E. Hairer and G. Wanner, Solving Ordinary Differential Equations II,
section VI.4: six stages, L-stable, stiffly accurate. It keeps its order 4 where a stiff node follows a
moving input, where RODAS itself falls to order 2.

The text is a part of the kernel, see ``rosenbrock_kernel.py``.
"""

import numpy as np

N_STAGES = 6
GAMMA = 0.25
NODES = np.array([0.0, 0.75, 0.21, 0.63, 1.0, 1.0])
SLOPES = np.array([0.25, -0.5, -0.023504, -0.0362, 0.0, 0.0])
# fmt: off
A = np.array([
    [0.0, 0.0, 0.0, 0.0, 0.0],
    [3.0, 0.0, 0.0, 0.0, 0.0],
    [1.831036793486759, 0.4955183967433795, 0.0, 0.0, 0.0],
    [2.304376582692669, -0.05249275245743001, -1.176798761832782, 0.0, 0.0],
    [-7.170454962423024, -4.741636671481785, -16.31002631330971, -1.062004044111401, 0.0],
    [-7.170454962423024, -4.741636671481785, -16.31002631330971, -1.062004044111401, 1.0],
])
C = np.array([
    [0.0, 0.0, 0.0, 0.0, 0.0],
    [-12.0, 0.0, 0.0, 0.0, 0.0],
    [-8.791795173947035, -2.207865586973518, 0.0, 0.0, 0.0],
    [10.81793056857153, 6.780270611428266, 19.53485944642410, 0.0, 0.0],
    [34.19095006749676, 15.49671153725963, 54.74760875964130, 14.16005392148534, 0.0],
    [34.62605830930532, 15.30084976114473, 56.99955578662667, 18.40807009793095, -5.714285714285717],
])
DENSE = np.array([
    [25.09876703708589, 11.62013104361867, 28.49148307714626, -5.664021568594133, 0.0],
    [1.638054557396973, -0.7373619806678748, 8.477918219238990, 15.99253148779520, -1.882352941176471],
])
# fmt: on
