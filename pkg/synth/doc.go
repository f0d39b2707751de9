// Package synth makes synthetic councils: extracts of children who do not exist, shaped like the extracts of those who do.
//
// A cohort is a council's children looked after over up to ten years, as its annual SSDA903 returns. Cohort writes one
// folder for each collection year (1 April to 31 March) with the files of the return:
//
//	DIR/2016-17/header.csv episodes.csv uasc.csv reviews.csv oc2.csv oc3.csv ad1.csv
//	            placed_adoption.csv previous_permanence.csv missing.csv
//	DIR/2023-24/… and sw_episodes.csv, which the return has from that year on
//
// Column names, codes and dates (DD/MM/YYYY) are those of the return of each year. Truth yields the same children from
// the same generator without going through a file, so that a test can hold what the gate makes against what was meant.
//
// # What is true of every cohort
//
// A child's episodes are returned in each collection year that they overlap: an episode still open on 31 March has
// no DEC, REC or REASON_PLACE_CHANGE in that year's set, and comes again with the same CHILD and DECOM in the next one.
// DECOM is before DEC; within a period of care, one episode's DEC is the next one's DECOM; REC X1 says that another
// follows. No episode begins before birth or ends after the 18th birthday. One child, three annual sets:
//
//	2018-19  4071226,11/01/2019,S,C1,N1,U6,PR1,,,,…                        open on 31 March
//	2019-20  4071226,11/01/2019,S,C1,N1,U6,PR1,02/07/2019,X1,CARPL,…       the same episode, now ended
//	2019-20  4071226,02/07/2019,P,C1,N1,U3,PR1,,,,…                        moved to a relative
//	2020-21  4071226,02/07/2019,P,C1,N1,U3,PR1,14/08/2020,E4A,,…           and home
//
// Care leavers have a Header and an OC3 row, and no episode, in the years after they left.
//
// # What is quirky on purpose
//
//   - SEX is 1 or 2 up to the 2023-24 return, M, F or (rarely) U after it. Some ethnicities are NOBT at first, known later.
//   - UPN is UN1 to UN5 where there is none, a temporary one (last character a letter) in the first year for some, and
//     has a valid check letter whenever it is one.
//   - LA child IDs are numbers of six or seven digits, numbers with leading zeros, and RND with twelve digits. Two
//     children in 500 have IDs that differ in a leading zero only: a reader that turns IDs into numbers merges them.
//   - A child who comes back into care after an adoption has a new, unlinked LA child ID and UPN.
//   - A placement Z1 that is still open in 2025-26 is returned there as one of Z11 to Z14, which replace it.
//   - sw_episodes.csv has a byte order mark and CRLF; missing.csv has no final newline; one year's episodes.csv has
//     a trailing column LOCAL_REF that no return has.
//   - Postcodes are of an area (ZZ) that does not exist.
//
// # What it costs
//
// Children are made one at a time from the seed and their ordinal, and written to one buffered file per table and
// year: memory does not grow with their number. Only whole-number arithmetic is used, so the same options give the same
// bytes on every machine.
package synth
