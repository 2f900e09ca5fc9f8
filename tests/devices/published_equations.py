"""The memristor models in numpy, each written out from its paper and not from the project's expressions."""

from __future__ import annotations

import numpy as np

K, Q = 1.380649e-23, 1.602176634e-19


def gmms(m):
    """Molter and Nugent 2016: switches and Schottky barrier."""
    v_t = K * m.temperature / Q

    def current(v, x):
        schottky = m.alpha_f * np.exp(m.beta_f * v) - m.alpha_r * np.exp(-m.beta_r * v)
        if m.schottky == "pinched":
            schottky = schottky - (m.alpha_f - m.alpha_r)
        return m.phi * v * (x / m.r_on + (1 - x) / m.r_off) + (1 - m.phi) * schottky

    def rate(v, x):
        on = 1 / (1 + np.exp(-(v - m.v_on) / v_t))
        off = 1 - 1 / (1 + np.exp(-(v + m.v_off) / v_t))
        return ((1 - x) * on - x * off) / m.tau

    return current, rate


def step(u):
    """Biolek's step function."""
    return np.where(u >= 0, 1.0, 0.0)


def window(kind, x, i, p, j):
    """Joglekar and Wolf 2009, Biolek 2009, Prodromakis 2011, in the state of the linear ion drift."""
    if kind == "joglekar":
        return 1 - (2 * x - 1) ** (2 * p)
    if kind == "biolek":
        return 1 - (x - step(-i)) ** (2 * p)
    if kind == "prodromakis":
        return j * (1 - ((x - 0.5) ** 2 + 0.75) ** p)
    return np.ones_like(x)


def linear_ion_drift(m):
    """Strukov 2008, equations (5) and (6), w in metres."""

    def current(v, x):
        w = x * m.depth
        return v / (m.r_on * w / m.depth + m.r_off * (1 - w / m.depth))

    def rate(v, x):
        i = current(v, x)
        return m.mobility * m.r_on / m.depth * i * window(m.window, x, i, int(m.p), m.j) / m.depth

    return current, rate


def vteam(m, w_on=0.0, w_off=3e-9):
    """Kvatinsky 2015 in the paper's terms: metres, thresholds with signs, positive voltage turns off."""
    k_off, k_on = m.k_off * (w_off - w_on), -m.k_on * (w_off - w_on)
    v_off, v_on = m.v_off, -m.v_on

    def current(v, x):
        v, w = -v, w_off - x * (w_off - w_on)
        share = (w - w_on) / (w_off - w_on)
        if m.iv == "linear":
            return -v / (m.r_on + (m.r_off - m.r_on) * share)
        return -v * np.exp(-np.log(m.r_off / m.r_on) * share) / m.r_on

    def rate(v, x):
        # The window's argument is the conducting share; it moves up where w falls.
        f = window(m.window, x, v, int(m.p), m.j)
        v = -v
        out = np.zeros(np.broadcast(v, x).shape)
        with np.errstate(invalid="ignore"):
            out = np.where(v > v_off, k_off * np.abs(v / v_off - 1) ** m.alpha_off * f, out)
            out = np.where(v < v_on, k_on * np.abs(v / v_on - 1) ** m.alpha_on * f, out)
        return -out / (w_off - w_on)

    return current, rate


def yakopcic(m):
    """Yakopcic 2011 and 2013: equations for I(t), g(V), f(x), w_p, w_n and dx/dt, branch by branch."""
    eta = {"forward": 1, "reverse": -1}[m.eta]

    def current(v, x):
        return np.where(v >= 0, m.a1, m.a2) * x * np.sinh(m.b * v)

    def scalar_rate(v, x):
        if v > m.v_p:
            g = m.a_p * (np.exp(v) - np.exp(m.v_p))
        elif v < -m.v_n:
            g = -m.a_n * (np.exp(-v) - np.exp(m.v_n))
        else:
            g = 0.0
        f = 1.0
        if eta * v >= 0:
            if x >= m.x_p:
                f = np.exp(-m.alpha_p * (x - m.x_p)) * ((m.x_p - x) / (1 - m.x_p) + 1)
        elif x <= 1 - m.x_n:
            f = np.exp(m.alpha_n * (x + m.x_n - 1)) * x / (1 - m.x_n)
        return eta * g * f

    return current, np.vectorize(scalar_rate, otypes=[float])


BY_MODEL = {"GMMS": gmms, "LinearIonDrift": linear_ion_drift, "VTEAM": vteam, "Yakopcic": yakopcic}


def published(model):
    """Current and rate of a model, as functions of (v, x) [SI units]."""
    return BY_MODEL[type(model).__name__](model)
