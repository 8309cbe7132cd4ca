// Package sluice publishes events to a Sluice bridge, so that each of them is stored once, whatever becomes of the
// connection meanwhile.
//
// A [Publisher] keeps what the bridge has not acknowledged and sends it again after a broken call; [PublishOnce] is one
// call that keeps nothing. The messages and the stubs of all services are in sluice/v1.
package sluice

//go:generate ./generate.sh
