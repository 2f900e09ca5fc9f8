"""Simulates a population with Brian2's standalone C++, in the environment that holds it.

Builds the program, then runs it once for each line of input, and answers with the seconds of Brian2's own clock around
its loop of steps and with the number of spikes.
"""

import json
import sys

import brian2

LIF = """
dv/dt = (r_leak*i_in - v)/tau_m {noise} : 1 (unless refractory)
i_in : 1
"""
MEMRISTIVE = """
resistance = 1/(x/r_on + (1 - x)/r_off) : 1
v_mem = v*resistance/(resistance + r_s) : 1
dv/dt = (i_in - v/(resistance + r_s))/(capacitance*second) : 1
dx/dt = ((1 - x)/(1 + exp((v_on - v_mem)/v_t)) - x*(1 - 1/(1 + exp(-(v_mem + v_off)/v_t))))/(tau*second) : 1
i_in : 1
"""

given = json.loads(sys.argv[1])
brian2.set_device("cpp_standalone", build_on_run=False)
brian2.prefs.devices.cpp_standalone.openmp_threads = 0
brian2.defaultclock.dt = given["dt"] * brian2.second
values = given["values"]
if given["equations"] == "memristive":
    how = {"model": MEMRISTIVE, "threshold": "v_mem >= v_th", "method": "rk4"}
else:
    noise = "+ noise_current/capacitance*second**-0.5*xi" if values["noise_current"] > 0 else ""
    how = {"model": LIF.format(noise=noise), "threshold": "v >= v_th", "method": "euler"}
    how["refractory"] = values["t_refractory"] * brian2.second
    values["tau_m"] = values["r_leak"] * values["capacitance"] * brian2.second
namespace = {**values, "lowest": given["lowest"], "highest": given["highest"]}
group = brian2.NeuronGroup(given["n"], reset="v = 0", namespace=namespace, **how)
group.i_in = "lowest + (highest - lowest)*i/(N - 1)"
spikes = brian2.SpikeMonitor(group)
network = brian2.Network(group, spikes)
network.run(given["t_stop"] * brian2.second, namespace=namespace)
brian2.device.build(directory=given["folder"], run=False)
print("built", flush=True)
for _ in sys.stdin:
    brian2.device.run()
    print(brian2.device._last_run_time, spikes.num_spikes, flush=True)
