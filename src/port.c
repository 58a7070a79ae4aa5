/* SPDX-License-Identifier: BSD-2-Clause OR MIT */
/* Ports and connections: the channels by which partitions send each other messages and events. */
#include "port.h"

#include "alloc.h"
#include "panic.h"
#include "partition.h"
#include "string.h"
#include "vcpu.h"

/* ---- the table ---- */

#define BUCKETS (PAGE_SIZE / sizeof(struct object *))

static struct {
	struct spin lock;
	struct object **bucket; /* a page of them, each (a) */
} table; /* Legend: (a) atomic; written with the lock held. */

bool port_create_table(void)
{
	table.bucket = alloc_page();
	return table.bucket;
}

/* Numbers are given in rows. */
static struct object **bucket_of(const struct partition *p, enum object_kind kind, u32 id)
{
	const u32 spread = id ^ id >> 8 ^ (u32)kind << 7 ^ (u32)p->env.partition_id * 31;

	return &table.bucket[spread % BUCKETS];
}

static inline struct object *find(const struct partition *p, enum object_kind kind, u32 id)
{
	/* Acquire: pairs with add(). */
	struct object *o = __atomic_load_n(bucket_of(p, kind, id), __ATOMIC_ACQUIRE);

	while (o && (o->id != id || o->kind != kind || o->partition != p))
		o = o->next;
	return o;
}

static bool add(struct object *o)
{
	struct object **bucket = bucket_of(o->partition, o->kind, o->id);
	bool free;

	spin_lock(&table.lock);
	free = !find(o->partition, o->kind, o->id);
	if (free) {
		o->next = *bucket;
		/* Release: who finds the object finds it filled. */
		__atomic_store_n(bucket, o, __ATOMIC_RELEASE);
	}
	spin_unlock(&table.lock);
	return free;
}

bool port_add(struct port *p, const struct partition *owner, u32 id)
{
	p->object = (struct object){ .partition = owner, .id = id, .kind = OBJECT_PORT };
	return add(&p->object);
}

bool connection_add(struct connection *c, const struct partition *owner, u32 id)
{
	c->object = (struct object){ .partition = owner, .id = id, .kind = OBJECT_CONNECTION };
	return add(&c->object);
}

/* The port at the other end of a connection of v's partition. */
static inline enum hv_status find_port(const struct vcpu *v, u32 connection, enum hv_port_type type,
				struct port **out)
{
	const struct object *o = find(v->partition, OBJECT_CONNECTION, connection);

	if (!o)
		return HV_STATUS_INVALID_CONNECTION_ID;
	*out = ((const struct connection *)o)->port;
	return (*out)->type == type ? HV_STATUS_SUCCESS : HV_STATUS_INVALID_PORT_ID;
}

/* ---- who receives ---- */

static bool takes(const struct vcpu *v, const struct port *p)
{
	return p->type == HV_PORT_TYPE_MESSAGE ? synic_takes_messages(v)
					       : synic_takes_events(v, p->source);
}

/* The first of the partition's VPs that can, beginning with the sender's number. */
static __attribute__((noinline)) struct vcpu *any_receiver(const struct vcpu *from, const struct port *p)
{
	const u32 count = p->partition->env.vp_count;

	for (u32 i = 0; i < count; i++) {
		struct vcpu *v = p->partition->vp[(from->index + i) % count];

		if (takes(v, p))
			return v;
	}
	return NULL;
}

/* Whether the one that it finds can, its own sender sees. */
static inline enum hv_status find_receiver(const struct vcpu *from, const struct port *p,
					   struct vcpu **out)
{
	if (p->vp == HV_VP_INDEX_ANY) {
		*out = any_receiver(from, p);
		return *out ? HV_STATUS_SUCCESS : HV_STATUS_INVALID_SYNIC_STATE;
	}
	if (p->vp >= p->partition->env.vp_count)
		return HV_STATUS_INVALID_VP_INDEX;
	*out = p->partition->vp[p->vp];
	return HV_STATUS_SUCCESS;
}

/* ---- messages and events ---- */

static struct synic_buffer *claim_buffer(const struct port *p)
{
	for (u32 i = 0; i < PORT_BUFFERS; i++)
		if (synic_claim(&p->buffers[i]))
			return &p->buffers[i];
	return NULL;
}

enum hv_status port_post(struct vcpu *v, u32 connection, u32 type, const void *payload, u32 size)
{
	struct synic_buffer *buffer;
	struct hv_message *message;
	struct vcpu *receiver;
	struct port *p;
	enum hv_status status = find_port(v, connection, HV_PORT_TYPE_MESSAGE, &p);

	if (status == HV_STATUS_SUCCESS)
		status = find_receiver(v, p, &receiver);
	if (status != HV_STATUS_SUCCESS)
		return status;
	if (!synic_takes_messages(receiver))
		return HV_STATUS_INVALID_SYNIC_STATE;
	buffer = claim_buffer(p);
	if (!buffer)
		return HV_STATUS_INSUFFICIENT_BUFFERS;
	message = (struct hv_message *)buffer->message;
	hv_assert(size <= sizeof(message->payload));
	message->header = (struct hv_message_header){
		.type = type, .payload_size = (u8)size, .sender = p->object.id
	};
	memcpy(message->payload, payload, size);
	/* What ends in a word: the rest of it is not the last message's. */
	memset((u8 *)message->payload + size, 0, -size & 7);
	synic_post(receiver, p->source, buffer);
	return HV_STATUS_SUCCESS;
}

enum hv_status port_signal(struct vcpu *v, u32 connection, u32 flag)
{
	struct vcpu *receiver;
	struct port *p;
	enum hv_status status = find_port(v, connection, HV_PORT_TYPE_EVENT, &p);

	if (status != HV_STATUS_SUCCESS)
		return status;
	if (flag >= p->flag_count)
		return HV_STATUS_INVALID_PARAMETER;
	status = find_receiver(v, p, &receiver);
	if (status != HV_STATUS_SUCCESS)
		return status;
	return synic_signal(receiver, p->source, p->base_flag + flag)
		       ? HV_STATUS_SUCCESS : HV_STATUS_INVALID_SYNIC_STATE;
}

/* ---- loop-back ---- */

/* All of one VP: what comes and goes with it. */
struct loop_back {
	struct port message, event;
	struct connection to_message, to_event;
	struct synic_buffer buffers[PORT_BUFFERS];
};

static bool add_pair(struct port *port, struct connection *connection, u32 id)
{
	connection->port = port;
	return port_add(port, port->partition, id) &&
	       connection_add(connection, port->partition, id);
}

bool port_loop_back(struct partition *p, u32 vp)
{
	const bool any = vp == HV_VP_INDEX_ANY;
	struct loop_back *l = alloc_pages((sizeof(*l) + PAGE_SIZE - 1) / PAGE_SIZE);

	if (!l)
		return false;
	l->message = (struct port){
		.type = HV_PORT_TYPE_MESSAGE, .partition = p, .vp = vp,
		.source = HV_LOOP_BACK_SOURCE_MESSAGE, .buffers = l->buffers
	};
	l->event = (struct port){
		.type = HV_PORT_TYPE_EVENT, .partition = p, .vp = vp,
		.source = HV_LOOP_BACK_SOURCE_EVENT,
		.base_flag = any ? HV_LOOP_BACK_FLAGS_BASE : 0,
		.flag_count = any ? HV_LOOP_BACK_FLAGS_COUNT : SYNIC_FLAGS
	};
	return add_pair(&l->message, &l->to_message,
			any ? HV_LOOP_BACK_MESSAGE_ANY : HV_LOOP_BACK_MESSAGE + vp) &&
	       add_pair(&l->event, &l->to_event,
			any ? HV_LOOP_BACK_EVENT_ANY : HV_LOOP_BACK_EVENT + vp);
}
