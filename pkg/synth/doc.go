// Package synth makes synthetic councils: extracts of children who do not exist, shaped like the extracts of those who do.
//
// A cohort is a council's children over up to ten collection years (1 April to 31 March), in four formats of the same
// children. Cohort writes one folder for each year:
//
//	DIR/2016-17/header.csv episodes.csv uasc.csv reviews.csv oc2.csv oc3.csv ad1.csv       SSDA903, the return of children
//	            placed_adoption.csv previous_permanence.csv missing.csv                    looked after
//	DIR/2023-24/sw_episodes.csv                                                            which has it from this year on
//	DIR/2016-17/ssda903.xml, ssda903.xlsx                                                  the same return as one document, or
//	                                                                                       as one workbook; when asked for
//	DIR/2016-17/cin.xml                                                                    the CIN census
//	DIR/2025-26/ssd_person.csv ssd_cin_episodes.csv ssd_cla_episodes.csv …                 the Standard Safeguarding Dataset of
//	                                                                                       the last day; when asked for
//	DIR/2025-26/annex_a.xlsx                                                               Ofsted's Annex A as on the last
//	                                                                                       day; when asked for
//	DIR/2017-18/autumn/pupilonroll.csv pupilnolongeronroll.csv fsmperiodsonroll.csv        the school census of October 2017,
//	DIR/2017-18/spring/pupilonroll.csv pupilnolongeronroll.csv fsmperiod.csv               of January 2018, from this year on,
//	DIR/2017-18/summer/pupilonroll.csv pupilnolongeronroll.csv fsmperiod.csv               and of May 2018; the last year has none
//	DIR/2023-24/autumn/termlysessiondetailsonroll.csv …offroll.csv                         sessions by attendance code, from
//	                   summerhalfterm2sessiondetailsonroll.csv …offroll.csv                the academic year 2023/24 on
//	DIR/2023-24/spring/termlysessiondetailsonroll.csv …offroll.csv
//	DIR/2017-18/pupil_premium.tab                                                          PupilPremium of GIAP: tabs in even
//	DIR/2018-19/pupil_premium.csv                                                          years, commas in odd ones
//	DIR/2018-19/autumn/giap_census.tab                                                     census downloads of GIAP, if asked for:
//	DIR/2019-20/autumn/giap_census.csv                                                     tabs in odd years, commas in even ones
//	DIR/2024-25/attendance.csv                                                             daily attendance, if asked for, of the
//	                                                                                       last academic years
//
// Column and element names, codes and dates are those of each return and year. Truth yields the same children from the
// same generator without going through a file, and their rows of every core table, so that a test can hold what the gate
// makes against what was meant. Pupils yields the pupils who are in nobody's social care.
//
// # What is true of every cohort
//
// About a third of the children are looked after at some time; the others are in need and never enter care. Where no CIN
// census is written, all are looked after. A child looked after is in the CIN census too, in the years in care and often
// before. Between 5 and 16 most children are in the school census, with about as many pupils of nobody's care. LA child
// IDs and UPNs agree over the formats.
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
// Cases, assessments and plans of the CIN census do the same: each is in the census of every year that it overlaps, with
// its end in the last of them only. A child's cases do not overlap, and what is done in a case is within it. Nothing in a
// file is of a day after its 31 March but the expected date of birth of the unborn.
//
// A census asks about the sessions of the term before: spring about autumn; summer about spring; autumn about the two halves
// of summer, the
// first in the columns and tables named termlysession, the second in those named summerhalfterm2session. Authorised and
// unauthorised absence together are at most the possible sessions, and those are at most 150 a term.
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
//   - ssda903.xml is declared us-ascii, indented in even years and on one line in odd ones, with empty elements and others
//     left out, and has no social workers. ssda903.xlsx has a cover, a misspelt sheet, dates as text in one sheet and as
//     days of the calendar in the next, days counted from 1904 in some years, and a line below the reviews that is no row.
//   - The tables of the Standard Safeguarding Dataset write days in four ways, one of them midnight in Universal Time. Some
//     sexes and ethnicities are words or in lower case, a surname has a comma, columns hold JSON. Immigration statuses end
//     and are followed by others; that a child has no disability is mostly not noted; an episode that begins with a change
//     of legal status shares the placement of the one before. NHS numbers are of the range for tests.
//   - Plans are in cin.xml from 2021-22 on, as in the return: what ended before it is in no file.
//   - cin.xml is indented in even years and on one line in odd ones; one has CRLF; some have no declaration. There are
//     comments, white space around dates, booleans of both spellings, empty elements, UPNs in lower case.
//   - GenderCurrent is 1, 2, 0 or 9 up to 2024, Sex is M, F or U after it. For a few children the CIN census says another
//     sex or ethnicity than SSDA903. Disabilities are a block of codes, a block of NONE, or no block, and for a few that
//     changes with the year. The unborn have an expected date of birth only.
//   - In each thousand children, two were given one UPN by mistake, in the CIN census from the second year on.
//   - A temporary UPN gives way to a permanent one in the school census a year before, in, or a year after the year in
//     which social care learns of it; FormerUPN and formerupn say so, for most.
//   - The key of a pupil's row is that of another pupil at another school for some. Pupils move, leave, are on two rolls
//     (M and S), or have a blank enrolstatus; some have no UPN. From 2023/24 on the aggregate columns of a few rows differ
//     from the rows by code.
//   - Periods of free school meals are open twice, over, in Wales or Scotland, or begin or end on the census day.
//   - A pupil may be in PupilPremium twice in a year, at first without any premium.
//   - A census download says another eligibility than the census for one pupil in sixty, and has children at other councils'
//     schools. EVERFSM_6 is FSMeligible again in autumn.
//   - Daily attendance comes to the sums of the censuses, term by term, for all terms that a census tells of. One child in five
//     has a term without the authority's number in its rows; some pupils are in nobody's care.
//
// # What it costs
//
// Children are made one at a time from the seed and their ordinal, and written to one buffered file per table and
// year: memory does not grow with their number. Only whole-number arithmetic is used, so the same options give the same
// bytes on every machine.
package synth
