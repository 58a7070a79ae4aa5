/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/*
 * Ports and connections: the channels by which partitions send each other messages and events (TLFS
 * chapter 11). All partitions' objects are in one table of the hypervisor, by partition and number.
 */
#ifndef PARTITA_PORT_H
#define PARTITA_PORT_H

#include "types.h"
#include "hv_abi.h"
#include "synic.h"

struct partition;
struct vcpu;

#define PORT_BUFFERS 16 /* messages that wait at a port */

enum object_kind { OBJECT_PORT, OBJECT_CONNECTION };

/* A row of the table: what it is, whose, and under which number. */
struct object {
	struct object *next;               /* (t) in its bucket */
	const struct partition *partition; /* (c) */
	u32 id;                            /* (c) */
	enum object_kind kind;             /* (c) */
};

/* Where messages or events arrive; constant but for the buffers. */
struct port {
	struct object object;
	enum hv_port_type type;
	struct partition *partition;       /* whose VPs it leads to */
	u32 vp;                            /* index of one of them, or HV_VP_INDEX_ANY */
	u32 source;                        /* of that VP's SynIC */
	u16 base_flag, flag_count;         /* an event port's part of the source's flags */
	struct synic_buffer *buffers;      /* a message port's, PORT_BUFFERS of them */
};

/* What leads a partition to a port; constant. */
struct connection {
	struct object object;
	struct port *port;
};
/*
 * Legend: (c) constant once it is in the table; (t) written with the table's lock held, read by any
 * processor at any time. An object that is in the table stays there: nothing deletes one yet.
 */

/* Make the table, which is empty; once, before its first user. False: out of memory. */
bool port_create_table(void);

/*
 * Put a port or a connection into the table, under its number of a partition. Its memory is the
 * caller's, and must stay. False: the partition has another of that number.
 */
bool port_add(struct port *p, const struct partition *owner, u32 id);
bool connection_add(struct connection *c, const struct partition *owner, u32 id);

/*
 * Send by a connection of v's partition. The status is that of the hypercall. payload: as many
 * bytes as size says, at most SYNIC_MESSAGE less its header.
 */
enum hv_status port_post(struct vcpu *v, u32 connection, u32 type, const void *payload, u32 size);
enum hv_status port_signal(struct vcpu *v, u32 connection, u32 flag);

/*
 * Give a partition the loop-back connections of one of its VPs by index, or for HV_VP_INDEX_ANY
 * those to any of them; enum hv_loop_back has their numbers. False: out of memory.
 */
bool port_loop_back(struct partition *p, u32 vp);

#endif
