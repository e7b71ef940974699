#pragma once

namespace wxpay::sandbox::cli {

// The verbs that drive a running server. Each is one file; its --help says what it takes. All
// return 0 when things are as asked, 1 when they are not, 2 for wrong use or no server.

int clock(int argc, char** argv);          ///< shows business time, moves it
int faults(int argc, char** argv);         ///< lists, adds and removes faults
int logs(int argc, char** argv);           ///< what went over the wire, a line each
int notifications(int argc, char** argv);  ///< lists callbacks, sends one again
int orders(int argc, char** argv);         ///< lists orders, shows one
int pay(int argc, char** argv);            ///< the user pays an order, or a new one
int readyz(int argc, char** argv);         ///< whether the server is up
int report(int argc, char** argv);         ///< the verdict on the traffic so far
int reset(int argc, char** argv);          ///< forgets everything, or one merchant
int trigger(int argc, char** argv);        ///< one signed callback without an order
int wait(int argc, char** argv);           ///< until an order is paid, notified, …

}  // namespace wxpay::sandbox::cli
