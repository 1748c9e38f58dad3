//! Tests of the transfer machine.
