/* The transport provider interface (TPI): primitives between a transport provider and timod, tirdwr and others. */
#ifndef RILL_SYS_TIHDR_H
#define RILL_SYS_TIHDR_H
#include <sys/types.h>
#include <sys/stream.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef RILL_T_SCALAR_T
#define RILL_T_SCALAR_T
#endif

/* PRIM_type */
#define T_CONN_REQ 0
#define T_CONN_RES 1
#define T_DISCON_REQ 2
#define T_DATA_REQ 3
#define T_EXDATA_REQ 4
#define T_INFO_REQ 5
#define T_BIND_REQ 6
#define T_UNBIND_REQ 7
#define T_UNITDATA_REQ 8
#define T_OPTMGMT_REQ 9
#define T_ORDREL_REQ 10
#define T_CONN_IND 11
#define T_CONN_CON 12
#define T_DISCON_IND 13
#define T_DATA_IND 14
#define T_EXDATA_IND 15
#define T_INFO_ACK 16
#define T_BIND_ACK 17
#define T_ERROR_ACK 18
#define T_OK_ACK 19
#define T_UNITDATA_IND 20
#define T_UDERROR_IND 21
#define T_OPTMGMT_ACK 22
#define T_ORDREL_IND 23

/* CURRENT_state */
#define TS_UNBND 0
#define TS_WACK_BREQ 1
#define TS_WACK_UREQ 2
#define TS_IDLE 3
#define TS_WACK_OPTREQ 4
#define TS_WACK_CREQ 5
#define TS_WCON_CREQ 6
#define TS_WRES_CIND 7
#define TS_WACK_CRES 8
#define TS_DATA_XFER 9
#define TS_WIND_ORDREL 10
#define TS_WREQ_ORDREL 11
#define TS_WACK_DREQ6 12
#define TS_WACK_DREQ7 13
#define TS_WACK_DREQ9 14
#define TS_WACK_DREQ10 15
#define TS_WACK_DREQ11 16
#define TS_NOSTATES 17

/* SERV_type */
#define T_COTS 1
#define T_COTS_ORD 2
#define T_CLTS 3

/* PROVIDER_flag */
#define SENDZERO 0x001
#define EXPINLINE 0x002
#define XPG4_1 0x004

struct T_conn_req {
    t_scalar_t PRIM_type;
    t_scalar_t DEST_length;
    t_scalar_t DEST_offset;
    t_scalar_t OPT_length;
    t_scalar_t OPT_offset;
};

struct T_conn_res {
    t_scalar_t PRIM_type;
    struct queue *QUEUE_ptr;
    t_scalar_t OPT_length;
    t_scalar_t OPT_offset;
    t_scalar_t SEQ_number;
};

struct T_discon_req {
    t_scalar_t PRIM_type;
    t_scalar_t SEQ_number;
};

struct T_data_req {
    t_scalar_t PRIM_type;
    t_scalar_t MORE_flag;
};

struct T_exdata_req {
    t_scalar_t PRIM_type;
    t_scalar_t MORE_flag;
};

struct T_info_req {
    t_scalar_t PRIM_type;
};

struct T_bind_req {
    t_scalar_t PRIM_type;
    t_scalar_t ADDR_length;
    t_scalar_t ADDR_offset;
    t_uscalar_t CONIND_number;
};

struct T_unbind_req {
    t_scalar_t PRIM_type;
};

struct T_unitdata_req {
    t_scalar_t PRIM_type;
    t_scalar_t DEST_length;
    t_scalar_t DEST_offset;
    t_scalar_t OPT_length;
    t_scalar_t OPT_offset;
};

struct T_optmgmt_req {
    t_scalar_t PRIM_type;
    t_scalar_t OPT_length;
    t_scalar_t OPT_offset;
    t_scalar_t MGMT_flags;
};

struct T_ordrel_req {
    t_scalar_t PRIM_type;
};

struct T_conn_ind {
    t_scalar_t PRIM_type;
    t_scalar_t SRC_length;
    t_scalar_t SRC_offset;
    t_scalar_t OPT_length;
    t_scalar_t OPT_offset;
    t_scalar_t SEQ_number;
};

struct T_conn_con {
    t_scalar_t PRIM_type;
    t_scalar_t RES_length;
    t_scalar_t RES_offset;
    t_scalar_t OPT_length;
    t_scalar_t OPT_offset;
};

struct T_discon_ind {
    t_scalar_t PRIM_type;
    t_scalar_t DISCON_reason;
    t_scalar_t SEQ_number;
};

struct T_data_ind {
    t_scalar_t PRIM_type;
    t_scalar_t MORE_flag;
};

struct T_exdata_ind {
    t_scalar_t PRIM_type;
    t_scalar_t MORE_flag;
};

struct T_info_ack {
    t_scalar_t PRIM_type;
    t_scalar_t TSDU_size;
    t_scalar_t ETSDU_size;
    t_scalar_t CDATA_size;
    t_scalar_t DDATA_size;
    t_scalar_t ADDR_size;
    t_scalar_t OPT_size;
    t_scalar_t TIDU_size;
    t_scalar_t SERV_type;
    t_scalar_t CURRENT_state;
    t_scalar_t PROVIDER_flag;
};

struct T_bind_ack {
    t_scalar_t PRIM_type;
    t_scalar_t ADDR_length;
    t_scalar_t ADDR_offset;
    t_uscalar_t CONIND_number;
};

struct T_error_ack {
    t_scalar_t PRIM_type;
    t_scalar_t ERROR_prim;
    t_scalar_t TLI_error;
    t_scalar_t UNIX_error;
};

struct T_ok_ack {
    t_scalar_t PRIM_type;
    t_scalar_t CORRECT_prim;
};

struct T_unitdata_ind {
    t_scalar_t PRIM_type;
    t_scalar_t SRC_length;
    t_scalar_t SRC_offset;
    t_scalar_t OPT_length;
    t_scalar_t OPT_offset;
};

struct T_uderror_ind {
    t_scalar_t PRIM_type;
    t_scalar_t DEST_length;
    t_scalar_t DEST_offset;
    t_scalar_t OPT_length;
    t_scalar_t OPT_offset;
    t_scalar_t ERROR_type;
};

struct T_optmgmt_ack {
    t_scalar_t PRIM_type;
    t_scalar_t OPT_length;
    t_scalar_t OPT_offset;
    t_scalar_t MGMT_flags;
};

struct T_ordrel_ind {
    t_scalar_t PRIM_type;
};

union T_primitives {
    t_scalar_t type;
    struct T_conn_req conn_req;
    struct T_conn_res conn_res;
    struct T_discon_req discon_req;
    struct T_data_req data_req;
    struct T_exdata_req exdata_req;
    struct T_info_req info_req;
    struct T_bind_req bind_req;
    struct T_unbind_req unbind_req;
    struct T_unitdata_req unitdata_req;
    struct T_optmgmt_req optmgmt_req;
    struct T_ordrel_req ordrel_req;
    struct T_conn_ind conn_ind;
    struct T_conn_con conn_con;
    struct T_discon_ind discon_ind;
    struct T_data_ind data_ind;
    struct T_exdata_ind exdata_ind;
    struct T_info_ack info_ack;
    struct T_bind_ack bind_ack;
    struct T_error_ack error_ack;
    struct T_ok_ack ok_ack;
    struct T_unitdata_ind unitdata_ind;
    struct T_uderror_ind uderror_ind;
    struct T_optmgmt_ack optmgmt_ack;
    struct T_ordrel_ind ordrel_ind;
};

#ifdef __cplusplus
}
#endif
#endif
