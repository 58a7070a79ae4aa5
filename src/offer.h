/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* What a partition is offered hangs together: no bit tells of what another one withholds. */
#ifndef PARTITA_OFFER_H
#define PARTITA_OFFER_H

struct spec_offer;

/* Take away what is of no use without something that is not offered. */
void offer_settle(struct spec_offer *offer);

#endif
